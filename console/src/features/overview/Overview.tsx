import { useQuery } from "@tanstack/react-query";
import { Activity } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { invoiceQuery, namespacesQuery, usageQuery } from "../../api/queries";
import type { InvoicePreview, Namespace, UsageRow } from "../../api/types";
import { formatMoney } from "../../format/money";
import { buckets, formatBucket, formatTick, hoursBefore, nextUtcHour, startOfUtcMonth } from "../../format/time";
import { formatMeter, formatNumber, readableAmount } from "../../format/units";
import { useOrg } from "../../layout/useOrg";
import { BarChart } from "../../ui/BarChart";
import { ButtonLink, TextLink } from "../../ui/ButtonLink";
import { Card, Page } from "../../ui/Layout";
import { Empty, Loading, ProblemNotice } from "../../ui/States";
import { NamespaceStatus } from "../namespaces/NamespaceStatus";
import { seriesOf, totalsByMeter } from "../usage/aggregate";
import { Tile } from "./Tile";

/** Usage moves while one looks. */
const REFRESH_MS = 10_000;

function useMonthUsage(org: string) {
  const [now] = useState(() => new Date());
  const monthStart = startOfUtcMonth(now);
  const dayStart = hoursBefore(nextUtcHour(now), 24);
  const from = monthStart < dayStart ? monthStart : dayStart;
  const usage = useQuery({
    ...usageQuery(org, {
      from: from.toISOString(),
      to: nextUtcHour(now).toISOString(),
      granularity: "hour",
      groupBy: ["meter"],
    }),
    refetchInterval: REFRESH_MS,
  });
  return { usage, monthStart, hours: buckets(dayStart, nextUtcHour(now), "hour") };
}

export function Overview() {
  const { t } = useTranslation();
  const { org, organization } = useOrg();
  const { usage, monthStart, hours } = useMonthUsage(org);
  const invoice = useQuery({ ...invoiceQuery(org), refetchInterval: REFRESH_MS });
  const namespaces = useQuery(namespacesQuery(org));
  const rows = usage.data?.rows ?? [];
  return (
    <Page
      title={t("overview.title")}
      lead={t("overview.lead", { organization: organization.name })}
      actions={
        <>
          <ButtonLink to={`/orgs/${org}/start`}>{t("overview.open_guide")}</ButtonLink>
          <ButtonLink look="primary" to={`/orgs/${org}/data`}>
            {t("overview.open_playground")}
          </ButtonLink>
        </>
      }
    >
      {usage.error ? <ProblemNotice error={usage.error} onRetry={() => void usage.refetch()} /> : null}
      <Tiles
        rows={usage.data ? rows.filter((row) => Date.parse(row.hour) >= monthStart.getTime()) : null}
        invoice={invoice.data ?? null}
      />
      <Card
        title={t("overview.last_day")}
        actions={<TextLink to={`/orgs/${org}/usage`}>{t("overview.see_usage")}</TextLink>}
      >
        {usage.isPending ? <Loading rows={4} className="p-0" /> : <LastDay org={org} rows={rows} hours={hours} />}
      </Card>
      <Card
        title={t("overview.namespaces")}
        actions={<TextLink to={`/orgs/${org}/namespaces`}>{t("overview.see_all")}</TextLink>}
        flush
      >
        {namespaces.error ? (
          <ProblemNotice error={namespaces.error} onRetry={() => void namespaces.refetch()} className="m-4" />
        ) : namespaces.data ? (
          <NamespaceList org={org} namespaces={namespaces.data.items} />
        ) : (
          <Loading />
        )}
      </Card>
    </Page>
  );
}

interface TilesProps {
  rows: UsageRow[] | null;
  invoice: InvoicePreview | null;
}

function Tiles({ rows, invoice }: TilesProps) {
  const { t } = useTranslation();
  const totals = rows ? totalsByMeter(rows) : null;
  const included = (meter: string): number | null =>
    invoice?.lines.find((line) => line.meter === meter)?.included_quantity ?? null;
  const tile = (meter: string, label: string) => (
    <Tile
      label={label}
      value={totals ? formatMeter(meter, totals.get(meter) ?? 0) : null}
      used={totals?.get(meter) ?? 0}
      included={included(meter)}
      hint={((most) => (most ? t("overview.of_included", { included: formatMeter(meter, most) }) : null))(included(meter))}
    />
  );
  return (
    <dl className="grid grid-cols-2 gap-3 lg:grid-cols-4">
      {tile("query", t("overview.queries"))}
      {tile("write", t("overview.writes"))}
      {tile("embedding_tokens", t("overview.tokens"))}
      <Tile label={t("overview.estimate")} value={invoice ? formatMoney(invoice.total) : null} used={0} included={null} hint={null} />
    </dl>
  );
}

function LastDay({ org, rows, hours }: { org: string; rows: UsageRow[]; hours: string[] }) {
  const { t } = useTranslation();
  const series = seriesOf(rows, "query", "none", hours, "hour");
  const first = series[0];
  if (!first) {
    return (
      <Empty
        icon={Activity}
        title={t("overview.no_usage")}
        action={<ButtonLink to={`/orgs/${org}/start`}>{t("overview.open_guide")}</ButtonLink>}
      >
        {t("overview.no_usage_lead")}
      </Empty>
    );
  }
  return (
    <BarChart
      summary={t("usage.chart_summary", {
        meter: t("meters.query"),
        granularity: t("usage.granularities.hour"),
        total: formatMeter("query", first.total),
        peak: formatMeter("query", Math.max(...first.values)),
      })}
      labels={hours.map((hour) => formatBucket(hour, "hour"))}
      ticks={hours.map((hour) => formatTick(hour, "hour", hours.length))}
      series={[{ id: "query", label: t("meters.query"), values: first.values.map((value) => readableAmount("query", value)) }]}
      format={(value) => formatNumber(value, 2)}
    />
  );
}

function NamespaceList({ org, namespaces }: { org: string; namespaces: Namespace[] }) {
  const { t } = useTranslation();
  if (namespaces.length === 0) return <p className="p-4 text-ink-2">{t("namespaces.empty")}</p>;
  return (
    <ul className="divide-y divide-line">
      {namespaces.slice(0, 5).map((namespace) => (
        <li key={namespace.id} className="flex items-center justify-between gap-3 px-4 py-2.5">
          <TextLink to={`/orgs/${org}/data?ns=${encodeURIComponent(namespace.name)}`}>{namespace.name}</TextLink>
          <NamespaceStatus status={namespace.status} />
        </li>
      ))}
    </ul>
  );
}
