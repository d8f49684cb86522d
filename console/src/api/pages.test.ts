import { expect, it, vi } from "vitest";
import { allItems } from "./pages";

it("follows the cursor to the last page", async () => {
  const pages: Record<string, { items: number[]; next_cursor: string | null }> = {
    first: { items: [1, 2], next_cursor: "second" },
    second: { items: [3], next_cursor: null },
  };
  expect(await allItems((cursor) => Promise.resolve(pages[cursor ?? "first"] ?? { items: [] }))).toEqual({
    items: [1, 2, 3],
    complete: true,
  });
});

it("a list that never ends is cut off, and it is said to be so", async () => {
  const load = vi.fn(() => Promise.resolve({ items: [1], next_cursor: "again" }));
  expect(await allItems(load)).toEqual({ items: Array<number>(10).fill(1), complete: false });
  expect(load).toHaveBeenCalledTimes(10);
});

it("a list that ends with the last page of the bound is whole", async () => {
  let page = 0;
  const load = () => {
    page += 1;
    return Promise.resolve({ items: [page], next_cursor: page === 10 ? null : String(page) });
  };
  expect(await allItems(load)).toMatchObject({ complete: true });
});
