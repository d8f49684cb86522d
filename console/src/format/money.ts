/**
 * Money is a decimal text and a currency; it is never made a float. Sums are in micro-units (bigint), the
 * precision of the price book.
 */
export interface Money {
  amount: string;
  currency: string;
}

const MICRO_DIGITS = 6;

/** `"12.5"` as 12_500_000n. Digits beyond micro-units or text that is no decimal are refused. */
export function toMicro(amount: string): bigint {
  const match = /^(-?)(\d+)(?:\.(\d{1,6}))?$/.exec(amount.trim());
  if (!match) throw new RangeError(`not an amount of money: ${amount}`);
  const [, sign, whole = "0", fraction = ""] = match;
  const micro = BigInt(whole) * 1_000_000n + BigInt(fraction.padEnd(MICRO_DIGITS, "0"));
  return sign === "-" ? -micro : micro;
}

export function fromMicro(micro: bigint, currency: string): Money {
  const sign = micro < 0n ? "-" : "";
  const digits = (micro < 0n ? -micro : micro).toString().padStart(MICRO_DIGITS + 1, "0");
  const whole = digits.slice(0, -MICRO_DIGITS);
  const fraction = digits.slice(-MICRO_DIGITS).replace(/0+$/, "").padEnd(2, "0");
  return { amount: `${sign}${whole}.${fraction}`, currency };
}

/** The exact sum; null when the list is empty or mixes currencies. */
export function sumMoney(all: readonly Money[]): Money | null {
  const currency = all[0]?.currency;
  if (currency === undefined || all.some((one) => one.currency !== currency)) return null;
  return fromMicro(
    all.reduce((sum, one) => sum + toMicro(one.amount), 0n),
    currency,
  );
}

export const sameMoney = (a: Money, b: Money): boolean =>
  a.currency === b.currency && toMicro(a.amount) === toMicro(b.amount);

export const isZero = (money: Money): boolean => toMicro(money.amount) === 0n;

/** `total`: minor units, as on an invoice. `exact`: every digit that the text has, at least minor units. */
export function formatMoney(money: Money, as: "total" | "exact" = "total", locale?: string): string {
  const format = new Intl.NumberFormat(locale, {
    style: "currency",
    currency: money.currency,
    minimumFractionDigits: 2,
    maximumFractionDigits: as === "exact" ? MICRO_DIGITS : 2,
  });
  // Given as text, so that no digit passes through a float.
  return format.format(money.amount as `${number}`);
}
