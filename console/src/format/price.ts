/** What an amount costs at the list price, before included amounts: for one call, so far below a cent. */
import { type Money, toMicro } from "./money";

export interface ListPrice {
  meter: string;
  unit_price: Money;
  per: { quantity: number; times: string };
}

const PICO_DIGITS = 12;
const PICOS_A_MICRO = 1_000_000n;

/** The price of amounts by meter, in pico-units cut off below; null when the book prices none of them. */
export function listPrice(amounts: Readonly<Record<string, number>>, prices: readonly ListPrice[]): Money | null {
  let picos = 0n;
  let currency: string | null = null;
  for (const { meter, unit_price, per } of prices) {
    const amount = amounts[meter];
    // What is priced by the month has no price for a call.
    if (amount === undefined || per.times !== "one") continue;
    currency = unit_price.currency;
    picos += (BigInt(amount) * toMicro(unit_price.amount) * PICOS_A_MICRO) / BigInt(per.quantity);
  }
  if (currency === null) return null;
  const digits = picos.toString().padStart(PICO_DIGITS + 1, "0");
  return { amount: `${digits.slice(0, -PICO_DIGITS)}.${digits.slice(-PICO_DIGITS)}`, currency };
}

/** Three digits that matter, wherever they stand. */
export function formatSmallMoney(money: Money, locale?: string): string {
  const format = new Intl.NumberFormat(locale, { style: "currency", currency: money.currency, maximumSignificantDigits: 3 });
  return format.format(money.amount as `${number}`);
}
