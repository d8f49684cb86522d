import { expect, it, vi } from "vitest";
import { allItems } from "./pages";

it("follows the cursor to the last page", async () => {
  const pages: Record<string, { items: number[]; next_cursor: string | null }> = {
    first: { items: [1, 2], next_cursor: "second" },
    second: { items: [3], next_cursor: null },
  };
  expect(await allItems((cursor) => Promise.resolve(pages[cursor ?? "first"] ?? { items: [] }))).toEqual({ items: [1, 2, 3] });
});

it("a list that never ends is cut off", async () => {
  const load = vi.fn(() => Promise.resolve({ items: [1], next_cursor: "again" }));
  expect((await allItems(load)).items).toHaveLength(10);
  expect(load).toHaveBeenCalledTimes(10);
});
