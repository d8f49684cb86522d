import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { onUtcHour, utcHour } from "./utcHour";

const MINUTE_MS = 60_000;

beforeEach(() => vi.useFakeTimers({ now: Date.parse("2026-10-31T22:40:30.250Z") }));
afterEach(() => vi.useRealTimers());

it("says when each UTC hour begins, and the hour has moved on by then", () => {
  const seen: string[] = [];
  const stop = onUtcHour(() => seen.push(new Date(utcHour()).toISOString()));
  expect(new Date(utcHour()).toISOString()).toBe("2026-10-31T22:00:00.000Z");
  vi.advanceTimersByTime(19 * MINUTE_MS + 29_749);
  expect(seen).toEqual([]);
  vi.advanceTimersByTime(1);
  expect(seen).toEqual(["2026-10-31T23:00:00.000Z"]);
  vi.advanceTimersByTime(60 * MINUTE_MS);
  expect(seen).toEqual(["2026-10-31T23:00:00.000Z", "2026-11-01T00:00:00.000Z"]);
  stop();
  vi.advanceTimersByTime(600 * MINUTE_MS);
  expect(seen).toHaveLength(2);
  expect(vi.getTimerCount()).toBe(0);
});

it("a clock that was set back does not leave it waiting for good", () => {
  const moved = vi.fn();
  const stop = onUtcHour(moved);
  vi.setSystemTime(Date.parse("2026-10-31T22:10:00Z"));
  vi.advanceTimersByTime(70 * MINUTE_MS);
  expect(moved.mock.calls.length).toBeGreaterThanOrEqual(2);
  stop();
});
