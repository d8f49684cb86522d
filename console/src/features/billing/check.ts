/**
 * Whether an invoice adds up, recomputed by the console from the quantities and prices that it shows and not
 * taken from the service: `billable * unit price / per`, rounded once a line to minor units, half to even.
 */
import { type Money, fromMicro, sameMoney, sumMoney, toMicro } from "../../format/money";

export interface CheckedLine {
  quantity: number;
  included_quantity: number;
  billable_quantity: number;
  unit_price?: Money | null;
  per?: { quantity: number; times: "one" | "hours_of_period" } | null;
  amount: Money;
}

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

/** What a line of usage comes to; null for a line without a unit price (the base fee). */
export function lineAmount(line: CheckedLine, periodHours: number): Money | null {
  if (!line.unit_price || !line.per) return null;
  const times = line.per.times === "hours_of_period" ? BigInt(periodHours) : 1n;
  const minor = divideHalfEven(
    BigInt(line.billable_quantity) * toMicro(line.unit_price.amount),
    BigInt(line.per.quantity) * times * MINOR_MICROS,
  );
  return fromMicro(minor * MINOR_MICROS, line.unit_price.currency);
}

function lineIsRight(line: CheckedLine, periodHours: number): boolean {
  const beyond = Math.max(0, line.quantity - line.included_quantity);
  const amount = lineAmount(line, periodHours);
  if (amount === null) return true;
  // An edition that stops at its limits charges nothing of what is beyond.
  return (line.billable_quantity === beyond || line.billable_quantity === 0) && sameMoney(amount, line.amount);
}

export function addsUp(lines: readonly CheckedLine[], total: Money, periodHours: number): boolean {
  const sum = sumMoney(lines.map((line) => line.amount));
  if (sum === null) return lines.length === 0 && toMicro(total.amount) === 0n;
  return sameMoney(sum, total) && lines.every((line) => lineIsRight(line, periodHours));
}
