import { expect, it } from "vitest";
import { RepeatKey } from "./repeat";

it("a request that is sent again has the key of the first time, another one has not", () => {
  const key = new RepeatKey();
  const first = key.of({ name: "a" });
  expect(first).toMatch(/^[0-9a-f]{32}$/);
  expect(key.of({ name: "a" })).toBe(first);
  expect(key.of({ name: "b" })).not.toBe(first);
});

it("what has succeeded can be asked for once more", () => {
  const key = new RepeatKey();
  const first = key.of({ name: "a" });
  key.done();
  expect(key.of({ name: "a" })).not.toBe(first);
});
