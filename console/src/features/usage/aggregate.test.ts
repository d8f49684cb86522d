import { expect, it } from "vitest";
import { axisTop } from "../../ui/axis";
import { seriesOf, totalsByMeter, type UsageRow } from "./aggregate";

const row = (hour: string, quantity: number, key: string | null, meter = "query"): UsageRow => ({
  hour,
  meter,
  key_id: key,
  namespace_id: "ns_1",
  quantity,
});

const rows = [
  row("2026-01-01T00:00:00Z", 1000, "key_a"),
  row("2026-01-01T01:00:00Z", 2000, "key_a"),
  row("2026-01-01T01:00:00Z", 5000, "key_b"),
  row("2026-01-01T01:00:00Z", 7, "key_b", "embedding_tokens"),
  row("2026-01-02T01:00:00Z", 9000, null),
];
const hours = ["2026-01-01T00:00:00.000Z", "2026-01-01T01:00:00.000Z"];

it("takes the sums of the service, each by its meter", () => {
  const totals = [
    { meter: "query", quantity: 17_000 },
    { meter: "embedding_tokens", quantity: 7 },
  ];
  expect([...totalsByMeter(totals)]).toEqual([
    ["query", 17_000],
    ["embedding_tokens", 7],
  ]);
});

it("puts each key's amounts into their hours, the biggest key first", () => {
  expect(seriesOf(rows, "query", "key", hours, "hour")).toEqual([
    { group: "key_b", total: 5000, values: [0, 5000] },
    { group: "key_a", total: 3000, values: [1000, 2000] },
  ]);
});

it("puts ids without a name into one group", () => {
  expect(seriesOf(rows, "query", "key", hours, "hour", new Set(["key_a"]))).toEqual([
    { group: "others", total: 5000, values: [0, 5000] },
    { group: "key_a", total: 3000, values: [1000, 2000] },
  ]);
});

it("leaves out what is outside the period, and names what has no key", () => {
  const days = ["2026-01-02T00:00:00.000Z"];
  expect(seriesOf(rows, "query", "key", days, "day")).toEqual([{ group: "", total: 9000, values: [9000] }]);
});

it("without a group there is one series, and none without usage", () => {
  expect(seriesOf(rows, "query", "none", hours, "hour")).toEqual([{ group: "all", total: 8000, values: [1000, 7000] }]);
  expect(seriesOf(rows, "write", "none", hours, "hour")).toEqual([]);
});

it.each([
  [0, 1],
  [1, 1],
  [1.2, 2],
  [2100, 2500],
  [0.003, 0.005],
  [99, 100],
])("an axis for %d ends at %d", (max, top) => {
  expect(axisTop(max)).toBeCloseTo(top, 9);
});
