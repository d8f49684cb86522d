import { expect, it } from "vitest";
import { bucketOf, buckets, nextUtcHour, startOfUtcMonth } from "./time";

it("a day of hours has 24 buckets that end with the running hour", () => {
  const to = nextUtcHour(new Date("2026-03-01T10:20:00Z"));
  const hours = buckets(new Date(to.getTime() - 24 * 3_600_000), to, "hour");
  expect(hours).toHaveLength(24);
  expect(hours.at(-1)).toBe("2026-03-01T10:00:00.000Z");
});

it("days are UTC days", () => {
  expect(bucketOf("2026-03-01T23:00:00Z", "day")).toBe("2026-03-01T00:00:00.000Z");
  expect(startOfUtcMonth(new Date("2026-03-31T23:59:59Z")).toISOString()).toBe("2026-03-01T00:00:00.000Z");
});

it("a period that makes no sense still ends", () => {
  expect(buckets(new Date(0), new Date("2026-01-01T00:00:00Z"), "hour")).toHaveLength(1000);
  expect(buckets(new Date("2026-01-02T00:00:00Z"), new Date("2026-01-01T00:00:00Z"), "day")).toEqual([]);
});
