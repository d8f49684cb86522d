/** Lists come a page at a time; the console shows whole ones, within a bound, and says where it stopped. */

interface PageOf<T> {
  items: T[];
  next_cursor?: string | null;
}

export interface AllItems<T> {
  items: T[];
  /** Whether these are all there are; the bound cut the list off otherwise. */
  complete: boolean;
}

/** The most that the API gives at once. */
export const PAGE_LIMIT = 200;

/** What one look may ask of the service. An organisation may have more than fits: see `complete`. */
const MAX_PAGES = 10;

export async function allItems<T>(load: (cursor: string | undefined) => Promise<PageOf<T>>): Promise<AllItems<T>> {
  const items: T[] = [];
  let cursor: string | undefined;
  for (let page = 0; page < MAX_PAGES; page += 1) {
    const { items: some, next_cursor } = await load(cursor);
    items.push(...some);
    if (!next_cursor) return { items, complete: true };
    cursor = next_cursor;
  }
  return { items, complete: false };
}
