/** Lists come a page at a time; the console shows whole ones, within a bound. */

interface PageOf<T> {
  items: T[];
  next_cursor?: string | null;
}

/** The most that the API gives at once. */
export const PAGE_LIMIT = 200;

/** More than any edition's limit of what is listed whole. */
const MAX_PAGES = 10;

export async function allItems<T>(load: (cursor: string | undefined) => Promise<PageOf<T>>): Promise<{ items: T[] }> {
  const items: T[] = [];
  let cursor: string | undefined;
  for (let page = 0; page < MAX_PAGES; page += 1) {
    const { items: some, next_cursor } = await load(cursor);
    items.push(...some);
    if (!next_cursor) break;
    cursor = next_cursor;
  }
  return { items };
}
