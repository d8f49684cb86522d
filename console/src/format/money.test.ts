import { describe, expect, it } from "vitest";
import { formatMoney, fromMicro, sumMoney, toMicro } from "./money";

const usd = (amount: string) => ({ amount, currency: "USD" });

describe("money", () => {
  it("is read exactly, to the micro-unit, beyond what a float holds", () => {
    expect(toMicro("12.345678")).toBe(12_345_678n);
    expect(toMicro("0.1")).toBe(100_000n);
    expect(toMicro("-0.000001")).toBe(-1n);
    expect(toMicro("9007199254740993.000001")).toBe(9_007_199_254_740_993_000_001n);
  });

  it.each(["", "1,5", "1e3", "1.2345678", "NaN", "--1", "1."])("refuses %j", (text) => {
    expect(() => toMicro(text)).toThrow(RangeError);
  });

  it.each([0n, 1n, -1n, 999_999n, 1_000_000n, -12_345_678n, 10n ** 22n])("reads back what it wrote: %s", (micro) => {
    expect(toMicro(fromMicro(micro, "USD").amount)).toBe(micro);
  });

  it("keeps at least two decimals, as the API does", () => {
    expect(fromMicro(500_000_000n, "USD").amount).toBe("500.00");
    expect(fromMicro(8n, "USD").amount).toBe("0.000008");
  });

  it("adds without a rounding error", () => {
    expect(sumMoney(Array.from({ length: 10 }, () => usd("0.1")))).toEqual(usd("1.00"));
    expect(sumMoney([usd("0.1"), usd("0.2")])).toEqual(usd("0.30"));
  });

  it("does not add different currencies, or nothing", () => {
    expect(sumMoney([usd("1"), { amount: "1", currency: "EUR" }])).toBeNull();
    expect(sumMoney([])).toBeNull();
  });

  it("shows totals in minor units and prices with every digit", () => {
    expect(formatMoney(usd("1234.5"), "total", "en-US")).toBe("$1,234.50");
    expect(formatMoney(usd("0.000008"), "exact", "en-US")).toBe("$0.000008");
    expect(formatMoney(usd("0.00"), "exact", "en-US")).toBe("$0.00");
  });
});
