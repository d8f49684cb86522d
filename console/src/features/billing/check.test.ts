import { describe, expect, it } from "vitest";
import { amountOf, check, type CheckedBook, type CheckedInvoice, type CheckedLine, type CheckedPrice, hoursOf } from "./check";

const usd = (amount: string) => ({ amount, currency: "USD" });
const GIB = 1_073_741_824;
const NOVEMBER = { start: "2026-11-01T00:00:00Z", end: "2026-12-01T00:00:00Z" };
const HOURS = hoursOf(NOVEMBER);

const QUERIES: CheckedPrice = { meter: "query", unit_price: usd("8.00"), per: { quantity: 1_000_000_000, times: "one" } };
const STORAGE: CheckedPrice = { meter: "storage_byte_hours", unit_price: usd("0.30"), per: { quantity: GIB, times: "hours_of_period" } };

const BOOK: CheckedBook = {
  version: 1,
  prices: [QUERIES, STORAGE],
  editions: {
    community: { base_fee: usd("0.00"), beyond_included: "stop", included: { query: 1_000_000_000 } },
    professional: { base_fee: usd("500.00"), beyond_included: "charge", included: { query: 1_000_000_000, storage_byte_hours: 200 * GIB } },
  },
};

function queries(quantity: number, included: number, billable: number, amount: string): CheckedLine {
  return { meter: "query", quantity, included_quantity: included, billable_quantity: billable, unit_price: usd("8.00"), amount: usd(amount) };
}

function storage(quantity: bigint, billable: bigint, amount: string): CheckedLine {
  return {
    meter: "storage_byte_hours",
    quantity,
    included_quantity: 200 * GIB * HOURS,
    billable_quantity: billable,
    unit_price: usd("0.30"),
    amount: usd(amount),
  };
}

const fee = (amount: string): CheckedLine => ({ quantity: 1, included_quantity: 0, billable_quantity: 1, amount: usd(amount) });

const invoice = (edition: string, lines: CheckedLine[], total: string): CheckedInvoice => ({
  period: NOVEMBER,
  edition,
  price_book_version: 1,
  lines,
  total: usd(total),
});

const verdict = (edition: string, lines: CheckedLine[], total: string) => check(invoice(edition, lines, total), BOOK);

describe("an invoice that is right", () => {
  it("has right lines and their sum as the total", () => {
    const lines = [fee("500.00"), queries(3_000_000_000, 1_000_000_000, 2_000_000_000, "16.00")];
    expect(verdict("professional", lines, "516.00")).toBe("right");
  });

  it("charges nothing beyond what is included where the edition stops there", () => {
    expect(verdict("community", [fee("0.00"), queries(1_000_000_500, 1_000_000_000, 0, "0.00")], "0.00")).toBe("right");
  });

  it("prices what is stored by the hours of its month", () => {
    expect(HOURS).toBe(720);
    const held = BigInt(210 * GIB) * 720n;
    expect(verdict("professional", [fee("500.00"), storage(held, BigInt(10 * GIB) * 720n, "3.00")], "503.00")).toBe("right");
  });

  it("may be empty", () => {
    expect(verdict("community", [], "0.00")).toBe("right");
  });
});

describe("an invoice that is not right", () => {
  it("has another total than its lines", () => {
    expect(verdict("professional", [fee("500.00")], "500.01")).toBe("wrong");
    expect(verdict("professional", [], "0.01")).toBe("wrong");
  });

  it("charges nothing where the edition charges", () => {
    const free = queries(3_000_000_000, 1_000_000_000, 0, "0.00");
    expect(verdict("professional", [fee("500.00"), free], "500.00")).toBe("wrong");
  });

  it("charges where the edition stops", () => {
    expect(verdict("community", [fee("0.00"), queries(3_000_000_000, 1_000_000_000, 2_000_000_000, "16.00")], "16.00")).toBe("wrong");
  });

  it("includes less or more than the edition does", () => {
    expect(verdict("professional", [queries(3_000_000_000, 0, 3_000_000_000, "24.00")], "24.00")).toBe("wrong");
    expect(verdict("professional", [queries(3_000_000_000, 2_000_000_000, 1_000_000_000, "8.00")], "8.00")).toBe("wrong");
  });

  it("charges what is included", () => {
    expect(verdict("professional", [queries(3_000_000_000, 1_000_000_000, 3_000_000_000, "24.00")], "24.00")).toBe("wrong");
  });

  it("has a line with a wrong amount, price, fee or meter", () => {
    const right = queries(3_000_000_000, 1_000_000_000, 2_000_000_000, "16.00");
    expect(verdict("professional", [right], "16.00")).toBe("right");
    expect(verdict("professional", [{ ...right, amount: usd("16.01") }], "16.01")).toBe("wrong");
    expect(verdict("professional", [{ ...right, unit_price: usd("8.01") }], "16.00")).toBe("wrong");
    expect(verdict("professional", [{ ...right, meter: "unheard_of" }], "16.00")).toBe("wrong");
    expect(verdict("professional", [fee("501.00")], "501.00")).toBe("wrong");
    expect(verdict("unheard_of", [right], "16.00")).toBe("wrong");
  });

  it("is out by one byte-hour beyond 2^53", () => {
    const included = BigInt(200 * GIB) * 720n;
    const beyond = 2n ** 54n + 1n;
    const amount = amountOf(beyond, STORAGE, HOURS).amount;
    expect(verdict("professional", [storage(included + beyond, beyond, amount)], amount)).toBe("right");
    expect(verdict("professional", [storage(included + beyond, beyond - 1n, amount)], amount)).toBe("wrong");
  });
});

it("nothing is said of an invoice that was rated by another price book", () => {
  expect(check({ ...invoice("professional", [fee("400.00")], "400.00"), price_book_version: 2 }, BOOK)).toBe("other_book");
});

it.each([
  // 8 USD per 1e9: 625,000 is half a cent, 1,875,000 a cent and a half, 3,125,000 two and a half.
  [624_999n, "0.00"],
  [625_000n, "0.00"],
  [625_001n, "0.01"],
  [1_875_000n, "0.02"],
  [3_125_000n, "0.02"],
])("a line is rounded once, half to even: %i", (billable, amount) => {
  expect(amountOf(billable, QUERIES, HOURS)).toEqual(usd(amount));
});
