/** Periods and hours of billing are UTC; people read their own time, so both are said where it matters. */

const HOURS_A_DAY = 24;

export function formatDateTime(iso: string, locale?: string): string {
  const at = new Date(iso);
  if (Number.isNaN(at.getTime())) return iso;
  return new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeStyle: "short" }).format(at);
}

export function formatDate(iso: string, locale?: string, timeZone?: string): string {
  const at = new Date(iso);
  if (Number.isNaN(at.getTime())) return iso;
  return new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeZone }).format(at);
}

/** The label of one bar or row of usage: an hour in local time, or a UTC day. */
export function formatBucket(iso: string, granularity: "hour" | "day", locale?: string): string {
  const at = new Date(iso);
  if (Number.isNaN(at.getTime())) return iso;
  return granularity === "day"
    ? new Intl.DateTimeFormat(locale, { month: "short", day: "numeric", timeZone: "UTC" }).format(at)
    : new Intl.DateTimeFormat(locale, { month: "short", day: "numeric", hour: "numeric", minute: "2-digit" }).format(at);
}

/** The short label under an axis: the hour while the span is within two days, else the day. */
export function formatTick(iso: string, granularity: "hour" | "day", spanHours: number, locale?: string): string {
  const at = new Date(iso);
  return granularity === "hour" && spanHours <= 2 * HOURS_A_DAY
    ? new Intl.DateTimeFormat(locale, { hour: "numeric" }).format(at)
    : new Intl.DateTimeFormat(locale, { month: "short", day: "numeric", ...(granularity === "day" ? { timeZone: "UTC" } : {}) }).format(at);
}

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** Whole hours or days from `from` (inclusive) to `to` (exclusive), as RFC 3339 starts. */
export function buckets(from: Date, to: Date, granularity: "hour" | "day"): string[] {
  const step = granularity === "hour" ? HOUR_MS : DAY_MS;
  const first = Math.floor(from.getTime() / step) * step;
  const starts: string[] = [];
  for (let at = first; at < to.getTime() && starts.length < 1000; at += step) {
    starts.push(new Date(at).toISOString());
  }
  return starts;
}

export function bucketOf(iso: string, granularity: "hour" | "day"): string {
  const step = granularity === "hour" ? HOUR_MS : DAY_MS;
  return new Date(Math.floor(Date.parse(iso) / step) * step).toISOString();
}

export const startOfUtcMonth = (now: Date): Date => new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth(), 1));

export const nextUtcHour = (now: Date): Date => new Date((Math.floor(now.getTime() / HOUR_MS) + 1) * HOUR_MS);

export const hoursBefore = (now: Date, hours: number): Date => new Date(now.getTime() - hours * HOUR_MS);
