import { describe, expect, it } from "vitest";
import { addsUp, type CheckedLine, hoursOf, lineAmount } from "./check";

const usd = (amount: string) => ({ amount, currency: "USD" });
const HOURS = hoursOf({ start: "2026-11-01T00:00:00Z", end: "2026-12-01T00:00:00Z" });

function queries(quantity: number, included: number, billable: number, amount: string): CheckedLine {
  return {
    quantity,
    included_quantity: included,
    billable_quantity: billable,
    unit_price: usd("8.00"),
    per: { quantity: 1_000_000_000, times: "one" },
    amount: usd(amount),
  };
}

const base: CheckedLine = { quantity: 1, included_quantity: 0, billable_quantity: 1, amount: usd("500.00") };

describe("an invoice that adds up", () => {
  it("has right lines and their sum as the total", () => {
    const lines = [base, queries(3_000_000_000, 1_000_000_000, 2_000_000_000, "16.00")];
    expect(addsUp(lines, usd("516.00"), HOURS)).toBe(true);
  });

  it("charges nothing where the edition stops at its limits", () => {
    expect(addsUp([queries(1_000_000_500, 1_000_000_000, 0, "0.00")], usd("0.00"), HOURS)).toBe(true);
  });

  it("may be empty", () => {
    expect(addsUp([], usd("0.00"), HOURS)).toBe(true);
  });
});

describe("an invoice that does not add up", () => {
  it("has another total than its lines", () => {
    expect(addsUp([base], usd("500.01"), HOURS)).toBe(false);
    expect(addsUp([], usd("0.01"), HOURS)).toBe(false);
  });

  it("bills what is included", () => {
    expect(addsUp([queries(3_000_000_000, 1_000_000_000, 3_000_000_000, "24.00")], usd("24.00"), HOURS)).toBe(false);
  });

  it("has a line with a wrong amount", () => {
    expect(addsUp([queries(3_000_000_000, 1_000_000_000, 2_000_000_000, "16.01")], usd("16.01"), HOURS)).toBe(false);
  });
});

describe("a line", () => {
  it.each([
    // 8 USD per 1e9: 625,000 is half a cent, 1,875,000 a cent and a half, 3,125,000 two and a half.
    [624_999, "0.00"],
    [625_000, "0.00"],
    [625_001, "0.01"],
    [1_875_000, "0.02"],
    [3_125_000, "0.02"],
  ])("is rounded once, half to even: %i", (billable, amount) => {
    expect(lineAmount(queries(billable, 0, billable, "0"), HOURS)).toEqual(usd(amount));
  });

  it("of storage is priced by the hours of its month", () => {
    const gib = 1_073_741_824;
    const storage: CheckedLine = {
      quantity: 10 * gib * HOURS,
      included_quantity: 0,
      billable_quantity: 10 * gib * HOURS,
      unit_price: usd("0.30"),
      per: { quantity: gib, times: "hours_of_period" },
      amount: usd("3.00"),
    };
    expect(HOURS).toBe(720);
    expect(lineAmount(storage, HOURS)).toEqual(usd("3.00"));
  });
});
