import { expect, it } from "vitest";
import { formatSmallMoney, listPrice } from "./price";

const usd = (amount: string) => ({ amount, currency: "USD" });
const prices = [
  { meter: "query", unit_price: usd("8.00"), per: { quantity: 1_000_000_000, times: "one" } },
  { meter: "storage_byte_hours", unit_price: usd("0.30"), per: { quantity: 1_073_741_824, times: "hours_of_period" } },
  { meter: "embedding_tokens", unit_price: usd("0.02"), per: { quantity: 1_000_000, times: "one" } },
];

it("a query and its tokens cost what the book says, far below a cent", () => {
  expect(listPrice({ query: 1000, embedding_tokens: 7 }, prices)).toEqual(usd("0.000008140000"));
  expect(formatSmallMoney(usd("0.000008140000"), "en-US")).toBe("$0.00000814");
});

it("what the book does not price for a call has no price", () => {
  expect(listPrice({ storage_byte_hours: 5 }, prices)).toBeNull();
  expect(listPrice({}, prices)).toBeNull();
  expect(formatSmallMoney(listPrice({ query: 0 }, prices) ?? usd("1"), "en-US")).toBe("$0");
});
