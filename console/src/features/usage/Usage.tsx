import { useQuery } from "@tanstack/react-query";
import { ChartColumn } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { usageQuery } from "../../api/queries";
import type { UsageRow } from "../../api/types";
import { buckets, formatBucket, formatTick, hoursBefore, nextUtcHour, startOfUtcMonth } from "../../format/time";
import { formatMeter, formatNumber, readableAmount } from "../../format/units";
import { useOrg } from "../../layout/useOrg";
import { BarChart } from "../../ui/BarChart";
import { Button } from "../../ui/Button";
import { ButtonLink } from "../../ui/ButtonLink";
import { Segments, Select } from "../../ui/Choices";
import { Card, Page } from "../../ui/Layout";
import { Empty, Loading, ProblemNotice } from "../../ui/States";
import { type GroupBy, type Series, seriesOf, totalsByMeter } from "./aggregate";
import { MeterTotals } from "./MeterTotals";
import { UsageTable } from "./UsageTable";
import { type Groups, useGroups } from "./useGroups";

const REFRESH_MS = 10_000;

type Range = "day" | "week" | "month";
type Granularity = "hour" | "day";

function startOf(range: Range, now: Date): Date {
  if (range === "month") return startOfUtcMonth(now);
  return hoursBefore(nextUtcHour(now), range === "day" ? 24 : 7 * 24);
}

export function Usage() {
  const { t } = useTranslation();
  const { org } = useOrg();
  const [now, setNow] = useState(() => new Date());
  const [range, setRange] = useState<Range>("day");
  const [granularity, setGranularity] = useState<Granularity>("hour");
  const from = startOf(range, now);
  const to = nextUtcHour(now);
  const usage = useQuery({
    ...usageQuery(org, {
      from: from.toISOString(),
      to: to.toISOString(),
      granularity,
      groupBy: ["meter", "key", "namespace"],
    }),
    refetchInterval: REFRESH_MS,
  });
  const choose = (chosen: Range) => {
    setNow(new Date());
    setRange(chosen);
    setGranularity(chosen === "day" ? "hour" : "day");
  };
  return (
    <Page
      title={t("usage.title")}
      lead={t("usage.lead")}
      actions={
        <Button onPress={() => void usage.refetch()} isPending={usage.isFetching && !usage.isPending}>
          {t("common.refresh")}
        </Button>
      }
    >
      <div className="flex flex-wrap gap-x-5 gap-y-3">
        <Segments<Range>
          label={t("usage.range")}
          value={range}
          onChange={choose}
          choices={(["day", "week", "month"] as const).map((id) => ({ id, label: t(`usage.ranges.${id}`) }))}
        />
        <Segments<Granularity>
          label={t("usage.granularity")}
          value={granularity}
          onChange={setGranularity}
          choices={(["hour", "day"] as const).map((id) => ({ id, label: t(`usage.granularities.${id}`) }))}
        />
      </div>
      {usage.error ? (
        <ProblemNotice error={usage.error} onRetry={() => void usage.refetch()} />
      ) : !usage.data ? (
        <Loading rows={6} />
      ) : usage.data.rows.length === 0 ? (
        <Card>
          <Empty
            icon={ChartColumn}
            title={t("usage.empty_title")}
            action={<ButtonLink to={`/orgs/${org}/data`}>{t("overview.open_playground")}</ButtonLink>}
          >
            {t("usage.empty")}
          </Empty>
        </Card>
      ) : (
        <Explorer org={org} rows={usage.data.rows} starts={buckets(from, to, granularity)} granularity={granularity} />
      )}
      <p className="text-xs text-ink-3">{t("usage.utc_note")}</p>
    </Page>
  );
}

interface ExplorerProps {
  org: string;
  rows: UsageRow[];
  starts: string[];
  granularity: Granularity;
}

function Explorer({ org, rows, starts, granularity }: ExplorerProps) {
  const { t } = useTranslation();
  const totals = totalsByMeter(rows);
  const [chosen, setChosen] = useState<string>("query");
  const [group, setGroup] = useState<GroupBy>("key");
  const meter = totals.has(chosen) ? chosen : ([...totals.keys()][0] ?? "query");
  const groups = useGroups(org, group);
  const series = seriesOf(rows, meter, group, starts, granularity, groups.known);
  return (
    <>
      <MeterTotals totals={totals} chosen={meter} onChoose={setChosen} />
      <Card
        title={t("usage.chart", { meter: t(`meters.${meter}` as "meters.query"), granularity: t(`usage.granularities.${granularity}`).toLowerCase() })}
        actions={
          <Select<GroupBy>
            label={t("usage.group")}
            className="w-40"
            value={group}
            onChange={setGroup}
            choices={(["none", "key", "namespace"] as const).map((id) => ({ id, label: t(`usage.groups.${id}`) }))}
          />
        }
      >
        <Chart meter={meter} series={series} starts={starts} granularity={granularity} groups={groups} />
      </Card>
      <Card title={t("usage.table")} flush>
        <UsageTable meter={meter} series={series} starts={starts} granularity={granularity} group={group} groupName={groups.name} />
      </Card>
    </>
  );
}

interface ChartProps {
  meter: string;
  series: Series[];
  starts: string[];
  granularity: Granularity;
  groups: Groups;
}

function Chart({ meter, series, starts, granularity, groups }: ChartProps) {
  const { t } = useTranslation();
  const sums = starts.map((_, index) => series.reduce((sum, one) => sum + (one.values[index] ?? 0), 0));
  const total = series.reduce((sum, one) => sum + one.total, 0);
  return (
    <BarChart
      summary={t("usage.chart_summary", {
        meter: t(`meters.${meter}` as "meters.query"),
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
