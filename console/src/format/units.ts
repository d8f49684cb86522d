/** How amounts of each meter are shown. The API counts whole milli-units, bytes, byte-hours and tokens. */

const GIB = 1024 ** 3;

export type MeterKind = "units" | "bytes" | "byte_hours" | "count";

export function meterKind(meter: string): MeterKind {
  if (meter === "query" || meter === "write") return "units";
  if (meter.endsWith("byte_hours")) return "byte_hours";
  if (meter.endsWith("bytes")) return "bytes";
  return "count";
}

export function formatNumber(value: number, digits = 0, locale?: string): string {
  return new Intl.NumberFormat(locale, { maximumFractionDigits: digits }).format(value);
}

const BYTE_STEPS = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"] as const;

export function formatBytes(bytes: number, locale?: string): string {
  let value = bytes;
  let step = 0;
  while (Math.abs(value) >= 1024 && step < BYTE_STEPS.length - 1) {
    value /= 1024;
    step += 1;
  }
  const digits = step === 0 || Math.abs(value) >= 100 ? 0 : 1;
  return `${formatNumber(value, digits, locale)} ${BYTE_STEPS[step] ?? "B"}`;
}

/** An amount of a meter without its unit, in the unit that people read: whole units from milli-units. */
export function readableAmount(meter: string, amount: number): number {
  switch (meterKind(meter)) {
    case "units":
      return amount / 1000;
    case "byte_hours":
      return amount / GIB;
    default:
      return amount;
  }
}

/** A quantity with what it takes to read it: `1.25`, `3.4 MiB`, `0.002 GiB-h`; rounded, so a number does. */
export function formatMeter(meter: string, quantity: number | bigint, locale?: string): string {
  const amount = Number(quantity);
  switch (meterKind(meter)) {
    case "units":
      return formatNumber(amount / 1000, 3, locale);
    case "bytes":
      return formatBytes(amount, locale);
    case "byte_hours": {
      const hours = amount / GIB;
      return `${formatNumber(hours, hours !== 0 && hours < 0.01 ? 6 : 3, locale)} GiB-h`;
    }
    case "count":
      return formatNumber(amount, 0, locale);
  }
}

export function formatDuration(ms: number, locale?: string): string {
  if (ms >= 1000) return `${formatNumber(ms / 1000, 2, locale)} s`;
  return `${formatNumber(ms, ms < 10 ? 2 : 1, locale)} ms`;
}
