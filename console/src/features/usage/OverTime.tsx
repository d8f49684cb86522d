import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { usageRowsQuery } from "../../api/queries";
import type { Meter } from "../../api/types";
import { buckets, formatBucket, formatTick } from "../../format/time";
import { formatMeter, formatNumber, readableAmount } from "../../format/units";
import { BarChart } from "../../ui/BarChart";
import { Select } from "../../ui/Choices";
import { Card } from "../../ui/Layout";
import { Loading, Notice, ProblemNotice } from "../../ui/States";
import { useMeterName } from "../data/ReceiptCard";
import { type GroupBy, type Series, seriesOf } from "./aggregate";
import { UsageTable } from "./UsageTable";
import { type Groups, useGroups } from "./useGroups";

interface OverTimeProps {
  org: string;
  meter: Meter;
  from: Date;
  to: Date;
  granularity: "hour" | "day";
  group: GroupBy;
  onGroup: (group: GroupBy) => void;
  refreshMs: number;
}

/** One meter over the period, as a chart and as figures. */
export function OverTime({ org, meter, from, to, granularity, group, onGroup, refreshMs }: OverTimeProps) {
  const { t } = useTranslation();
  const meterName = useMeterName();
  const groups = useGroups(org, group);
  const usage = useQuery({
    ...usageRowsQuery(org, { from: from.toISOString(), to: to.toISOString(), meter, granularity, groupBy: group }),
    refetchInterval: refreshMs,
  });
  const starts = buckets(from, to, granularity);
  const series = usage.data ? seriesOf(usage.data.rows, meter, group, starts, granularity, groups.known) : null;
  const last = usage.data?.complete === false ? usage.data.rows.at(-1) : undefined;
  return (
    <>
      {last ? <Notice>{t("usage.cut", { when: formatBucket(last.hour, granularity) })}</Notice> : null}
      <Card
        title={t("usage.chart", { meter: meterName(meter), granularity: t(`usage.granularities.${granularity}`).toLowerCase() })}
        actions={
          <Select<GroupBy>
            label={t("usage.group")}
            className="w-40"
            value={group}
            onChange={onGroup}
            choices={(["none", "key", "namespace"] as const).map((id) => ({ id, label: t(`usage.groups.${id}`) }))}
          />
        }
      >
        {usage.error ? (
          <ProblemNotice error={usage.error} onRetry={() => void usage.refetch()} />
        ) : series ? (
          <Chart meter={meter} series={series} starts={starts} granularity={granularity} groups={groups} />
        ) : (
          <Loading rows={4} className="p-0" />
        )}
      </Card>
      {series && !usage.error ? (
        <Card title={t("usage.table")} flush>
          <UsageTable
            meter={meter}
            series={series}
            starts={starts}
            granularity={granularity}
            group={group}
            groupName={groups.name}
            isCut={last !== undefined}
          />
        </Card>
      ) : null}
    </>
  );
}

interface ChartProps {
  meter: Meter;
  series: Series[];
  starts: string[];
  granularity: "hour" | "day";
  groups: Groups;
}

function Chart({ meter, series, starts, granularity, groups }: ChartProps) {
  const { t } = useTranslation();
  const meterName = useMeterName();
  const sums = starts.map((_, index) => series.reduce((sum, one) => sum + (one.values[index] ?? 0), 0));
  const total = series.reduce((sum, one) => sum + one.total, 0);
  return (
    <BarChart
      summary={t("usage.chart_summary", {
        meter: meterName(meter),
        granularity: t(`usage.granularities.${granularity}`).toLowerCase(),
        total: formatMeter(meter, total),
        peak: formatMeter(meter, Math.max(0, ...sums)),
      })}
      labels={starts.map((start) => formatBucket(start, granularity))}
      ticks={starts.map((start) => formatTick(start, granularity, starts.length))}
      series={series.map((one) => ({
        id: one.group,
        label: groups.name(one.group),
        values: one.values.map((value) => readableAmount(meter, value)),
      }))}
      format={(value) => (meter.endsWith("_bytes") ? formatMeter(meter, value) : formatNumber(value, value < 1 ? 6 : 2))}
    />
  );
}
