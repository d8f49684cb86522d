/**
 * Lists come a page at a time. What is chosen from or counted is read whole, within a bound, and says where it stopped;
 * what is looked through is read on at a person's wish.
 */
import { infiniteQueryOptions } from "@tanstack/react-query";

export interface PageOf<T> {
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

/** How many items a list shows at first, and each time that one looks further. */
export const SHOWN_AT_ONCE = 50;

/** A list that is read on a page at a time. */
export const pagedQuery = <P extends PageOf<unknown>>(queryKey: readonly unknown[], load: (cursor: string | undefined) => Promise<P>) =>
  infiniteQueryOptions({
    queryKey,
    queryFn: ({ pageParam }) => load(pageParam),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (last) => last.next_cursor ?? undefined,
  });
