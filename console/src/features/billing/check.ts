/**
 * Whether an invoice is right, recomputed by the console from the used quantities and the price book and not taken
 * from the service: what is beyond the included amount times unit price by `per`, rounded once a line to minor
 * units, half to even. Everything is counted in `bigint`: byte-hours of a month pass 2^53 at some eleven TiB.
 */
import { type Money, fromMicro, sameMoney, sumMoney, toMicro } from "../../format/money";

export interface CheckedLine {
  /** Null or absent on the line of the base fee. */
  meter?: string | null;
  quantity: number | bigint;
  included_quantity: number | bigint;
  billable_quantity: number | bigint;
  unit_price?: Money | null;
  amount: Money;
}

export interface CheckedInvoice {
  period: { start: string; end: string };
  edition: string;
  price_book_version: number;
  lines: readonly CheckedLine[];
  total: Money;
}

/** What a line is priced by. `per.quantity` is before `per.times`. */
export interface CheckedPrice {
  meter: string;
  unit_price: Money;
  per: { quantity: number; times: "one" | "hours_of_period" };
}

/** Included amounts are before the price's `per.times`; a meter without one includes nothing. */
export interface CheckedTerms {
  base_fee: Money;
  beyond_included: "stop" | "charge";
  included: Readonly<Record<string, number>>;
}

export interface CheckedBook {
  version: number;
  prices: readonly CheckedPrice[];
  editions: Readonly<Record<string, CheckedTerms>>;
}

/** `other_book`: the invoice was rated by another price book than the one at hand, so that nothing can be said. */
export type Verdict = "right" | "wrong" | "other_book";

/** Micro-units in the smallest amount that is charged. */
const MINOR_MICROS = 10_000n;
const HOUR_MS = 3_600_000;

export const hoursOf = (period: { start: string; end: string }): number =>
  Math.round((Date.parse(period.end) - Date.parse(period.start)) / HOUR_MS);

function divideHalfEven(dividend: bigint, divisor: bigint): bigint {
  const quotient = dividend / divisor;
  const twice = (dividend % divisor) * 2n;
  if (twice > divisor || (twice === divisor && quotient % 2n === 1n)) return quotient + 1n;
  return quotient;
}

const timesOf = ({ per }: CheckedPrice, periodHours: number): bigint => (per.times === "hours_of_period" ? BigInt(periodHours) : 1n);

/** What a charged quantity comes to in a period of so many hours. */
export function amountOf(billable: bigint, price: CheckedPrice, periodHours: number): Money {
  const minor = divideHalfEven(
    billable * toMicro(price.unit_price.amount),
    BigInt(price.per.quantity) * timesOf(price, periodHours) * MINOR_MICROS,
  );
  return fromMicro(minor * MINOR_MICROS, price.unit_price.currency);
}

function meterIsRight(line: CheckedLine, price: CheckedPrice, terms: CheckedTerms, periodHours: number): boolean {
  const used = BigInt(line.quantity);
  const included = BigInt(terms.included[price.meter] ?? 0) * timesOf(price, periodHours);
  const beyond = used > included ? used - included : 0n;
  // An edition that stops at its limits charges nothing of what is beyond, and one that charges lets nothing go.
  const billable = terms.beyond_included === "stop" ? 0n : beyond;
  return (
    BigInt(line.included_quantity) === included &&
    BigInt(line.billable_quantity) === billable &&
    line.unit_price != null &&
    sameMoney(line.unit_price, price.unit_price) &&
    sameMoney(line.amount, amountOf(billable, price, periodHours))
  );
}

function lineIsRight(line: CheckedLine, book: CheckedBook, terms: CheckedTerms, periodHours: number): boolean {
  if (line.meter == null) return sameMoney(line.amount, terms.base_fee);
  const price = book.prices.find(({ meter }) => meter === line.meter);
  return price !== undefined && meterIsRight(line, price, terms, periodHours);
}

/** Each line by the price book, and the total by the lines. */
export function check(invoice: CheckedInvoice, book: CheckedBook): Verdict {
  if (book.version !== invoice.price_book_version) return "other_book";
  const terms = book.editions[invoice.edition];
  if (!terms) return "wrong";
  const periodHours = hoursOf(invoice.period);
  const sum = sumMoney(invoice.lines.map((line) => line.amount));
  const total = sum === null ? invoice.lines.length === 0 && toMicro(invoice.total.amount) === 0n : sameMoney(sum, invoice.total);
  return total && invoice.lines.every((line) => lineIsRight(line, book, terms, periodHours)) ? "right" : "wrong";
}
