/** Rows of usage as a chart and a table need them. Amounts are whole numbers and stay so. */
import { bucketOf } from "../../format/time";

export interface UsageRow {
  hour: string;
  meter: string;
  key_id?: string | null;
  namespace_id?: string | null;
  quantity: number;
}

export type GroupBy = "none" | "key" | "namespace";

/** What no key asked for, such as storage. */
export const UNATTRIBUTED = "";

/** Everything whose id is not known any more, or never is: revoked keys and the console's own tokens. */
export const OTHERS = "others";

function groupOf(row: UsageRow, by: GroupBy, known: ReadonlySet<string> | null): string {
  if (by === "none") return "all";
  const id = (by === "key" ? row.key_id : row.namespace_id) ?? UNATTRIBUTED;
  return id === UNATTRIBUTED || known === null || known.has(id) ? id : OTHERS;
}

/** The sums of a period, as the service gives them, by meter. */
export const totalsByMeter = <M extends string>(totals: readonly { meter: M; quantity: number }[]): Map<M, number> =>
  new Map(totals.map(({ meter, quantity }) => [meter, quantity]));

export interface Series {
  group: string;
  total: number;
  /** One amount for each bucket, in their order. */
  values: number[];
}

/**
 * One meter's amounts by group and bucket, the biggest group first. Rows outside the buckets count nowhere; ids
 * that are not `known` are one group.
 */
export function seriesOf(
  rows: readonly UsageRow[],
  meter: string,
  by: GroupBy,
  bucketStarts: readonly string[],
  granularity: "hour" | "day",
  known: ReadonlySet<string> | null = null,
): Series[] {
  const place = new Map(bucketStarts.map((start, index) => [start, index]));
  const groups = new Map<string, Series>();
  for (const row of rows) {
    if (row.meter !== meter) continue;
    const index = place.get(bucketOf(row.hour, granularity));
    if (index === undefined) continue;
    const group = groupOf(row, by, known);
    let series = groups.get(group);
    if (!series) {
      series = { group, total: 0, values: bucketStarts.map(() => 0) };
      groups.set(group, series);
    }
    series.values[index] = (series.values[index] ?? 0) + row.quantity;
    series.total += row.quantity;
  }
  return [...groups.values()].sort((a, b) => b.total - a.total || a.group.localeCompare(b.group));
}
