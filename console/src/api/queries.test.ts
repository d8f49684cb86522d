import { QueryClient } from "@tanstack/react-query";
import { beforeEach, expect, it, vi } from "vitest";

let asked: URL[] = [];

/** Stands where the network is: `answer` is given the address and yields the body. */
function network(answer: (url: URL) => string): void {
  asked = [];
  vi.stubGlobal("fetch", (request: Request) => {
    const url = new URL(request.url);
    asked.push(url);
    return Promise.resolve(new Response(answer(url), { headers: { "content-type": "application/json" } }));
  });
}

// A browser resolves relative addresses against the page; the client keeps the class it finds when it loads.
vi.stubGlobal(
  "Request",
  class extends Request {
    constructor(input: RequestInfo | URL, init?: RequestInit) {
      super(typeof input === "string" ? new URL(input, "http://console.test") : input, init);
    }
  },
);
const { invoiceQuery, keysQuery, usageRowsQuery, usageTotalsQuery } = await import("./queries");

const PERIOD = { from: "2026-11-01T00:00:00.000Z", to: "2026-11-22T17:00:00.000Z" };
let client = new QueryClient();
beforeEach(() => {
  client = new QueryClient();
});

it("totals are the service's own sums, however many rows there are", async () => {
  const row = { hour: PERIOD.from, meter: "query", quantity: 1 };
  network(() => JSON.stringify({ rows: [row], totals: [{ meter: "query", quantity: 60_000 }], next_cursor: "more" }));
  expect(await client.query(usageTotalsQuery("org_1", PERIOD))).toEqual([{ meter: "query", quantity: 60_000 }]);
  expect(asked).toHaveLength(1);
  expect(Object.fromEntries(asked[0]?.searchParams ?? [])).toEqual({ ...PERIOD, granularity: "day", group_by: "meter", limit: "1" });
});

it("totals of one key are asked for by its id", async () => {
  network(() => JSON.stringify({ rows: [], totals: [] }));
  await client.query(usageTotalsQuery("org_1", { ...PERIOD, keyId: "key_1" }));
  expect(asked[0]?.searchParams.get("key_id")).toBe("key_1");
});

it("rows over time are of the chosen meter and group alone", async () => {
  network(() => JSON.stringify({ rows: [], totals: [] }));
  await client.query(usageRowsQuery("org_1", { ...PERIOD, meter: "write", granularity: "hour", groupBy: "key" }));
  await client.query(usageRowsQuery("org_1", { ...PERIOD, meter: "write", granularity: "hour", groupBy: "none" }));
  expect(asked.map((url) => [url.searchParams.get("meter"), url.searchParams.get("group_by")])).toEqual([
    ["write", "meter,key"],
    ["write", "meter"],
  ]);
});

it("rows that go on beyond what is read are said to be cut", async () => {
  network((url) => JSON.stringify({ rows: [{ hour: PERIOD.from, meter: "query", quantity: 1 }], totals: [], next_cursor: `${url.searchParams.get("cursor") ?? ""}x` }));
  const usage = await client.query(usageRowsQuery("org_1", { ...PERIOD, meter: "query", granularity: "hour", groupBy: "key" }));
  expect(usage.complete).toBe(false);
  expect(usage.rows).toHaveLength(asked.length);
  network(() => JSON.stringify({ items: [{ id: "key_1" }] }));
  expect(await client.query(keysQuery("org_1"))).toMatchObject({ complete: true });
});

it("quantities of an invoice keep all their digits", async () => {
  network(() => '{"lines":[{"quantity":9007199254740993,"included_quantity":1}]}');
  const { lines } = await client.query(invoiceQuery("org_1"));
  expect(lines[0]).toMatchObject({ quantity: 9007199254740993n, included_quantity: 1 });
});
