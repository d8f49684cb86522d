import { useQuery } from "@tanstack/react-query";
import { Activity } from "lucide-react";
import { useTranslation } from "react-i18next";
import { invoiceQuery, namespacesQuery, usageRowsQuery, usageTotalsQuery } from "../../api/queries";
import type { InvoicePreview, Meter, MeterTotal, Namespace, UsageRow } from "../../api/types";
import { formatMoney } from "../../format/money";
import { buckets, formatBucket, formatTick, hoursBefore, nextUtcHour, startOfUtcMonth } from "../../format/time";
import { formatMeter, formatNumber, readableAmount } from "../../format/units";
import { useOrg } from "../../layout/useOrg";
import { BarChart } from "../../ui/BarChart";
import { ButtonLink, TextLink } from "../../ui/ButtonLink";
import { Card, Page } from "../../ui/Layout";
import { Empty, Loading, ProblemNotice } from "../../ui/States";
import { useNow } from "../../ui/useNow";
import { NamespaceStatus } from "../namespaces/NamespaceStatus";
import { seriesOf, totalsByMeter } from "../usage/aggregate";
import { Tile } from "./Tile";

/** Usage moves while one looks. */
const REFRESH_MS = 10_000;

/** Sums of the running month, and query units hour by hour over the last day. */
function useUsage(org: string) {
  const now = useNow();
  const to = nextUtcHour(now);
  const dayStart = hoursBefore(to, 24);
  const month = useQuery({
    ...usageTotalsQuery(org, { from: startOfUtcMonth(now).toISOString(), to: to.toISOString() }),
    refetchInterval: REFRESH_MS,
  });
  const lastDay = useQuery({
    ...usageRowsQuery(org, {
      from: dayStart.toISOString(),
      to: to.toISOString(),
      meter: "query",
      granularity: "hour",
      groupBy: "none",
    }),
    refetchInterval: REFRESH_MS,
  });
  return { month, lastDay, hours: buckets(dayStart, to, "hour") };
}

export function Overview() {
  const { t } = useTranslation();
  const { org, organization, can } = useOrg();
  const { month, lastDay, hours } = useUsage(org);
  const invoice = useQuery({ ...invoiceQuery(org), refetchInterval: REFRESH_MS });
  const namespaces = useQuery(namespacesQuery(org));
  return (
    <Page
      title={t("overview.title")}
      lead={t("overview.lead", { organization: organization.name })}
      actions={
        <>
          {can("ManageNamespaces") ? <ButtonLink to={`/orgs/${org}/start`}>{t("overview.open_guide")}</ButtonLink> : null}
          <ButtonLink look="primary" to={`/orgs/${org}/data`}>
            {t("overview.open_playground")}
          </ButtonLink>
        </>
      }
    >
      {month.error ? <ProblemNotice error={month.error} onRetry={() => void month.refetch()} /> : null}
      {invoice.error ? <ProblemNotice error={invoice.error} onRetry={() => void invoice.refetch()} /> : null}
      <Tiles month={month} invoice={invoice} />
      <Card
        title={t("overview.last_day")}
        actions={<TextLink to={`/orgs/${org}/usage`}>{t("overview.see_usage")}</TextLink>}
      >
        {lastDay.error ? (
          <ProblemNotice error={lastDay.error} onRetry={() => void lastDay.refetch()} />
        ) : lastDay.data ? (
          <LastDay org={org} rows={lastDay.data.rows} hours={hours} />
        ) : (
          <Loading rows={4} className="p-0" />
        )}
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

/** What of a look-up the tiles need: `data` stays while a later look-up fails. */
interface Read<T> {
  data: T | undefined;
  error: Error | null;
}

interface TilesProps {
  month: Read<readonly MeterTotal[]>;
  invoice: Read<InvoicePreview>;
}

function Tiles({ month, invoice }: TilesProps) {
  const { t } = useTranslation();
  const totals = month.data ? totalsByMeter(month.data) : null;
  // What failed is not known; only what is on its way is drawn as loading.
  const missing = ({ error }: Read<unknown>) => (error ? t("common.not_known") : null);
  const included = (meter: Meter): number | null => {
    const line = invoice.data?.lines.find((one) => one.meter === meter);
    return line ? Number(line.included_quantity) : null;
  };
  const tile = (meter: Meter, label: string) => {
    const most = totals ? included(meter) : null;
    return (
      <Tile
        label={label}
        value={totals ? formatMeter(meter, totals.get(meter) ?? 0) : missing(month)}
        used={totals?.get(meter) ?? 0}
        included={most}
        hint={most ? t("overview.of_included", { included: formatMeter(meter, most) }) : null}
      />
    );
  };
  return (
    <dl className="grid grid-cols-2 gap-3 lg:grid-cols-4">
      {tile("query", t("overview.queries"))}
      {tile("write", t("overview.writes"))}
      {tile("embedding_tokens", t("overview.tokens"))}
      <Tile
        label={t("overview.estimate")}
        value={invoice.data ? formatMoney(invoice.data.total) : missing(invoice)}
        used={0}
        included={null}
        hint={null}
      />
    </dl>
  );
}

function LastDay({ org, rows, hours }: { org: string; rows: UsageRow[]; hours: string[] }) {
  const { t } = useTranslation();
  const begins = useOrg().can("ManageNamespaces");
  const series = seriesOf(rows, "query", "none", hours, "hour");
  const first = series[0];
  if (!first) {
    return (
      <Empty
        icon={Activity}
        title={t("overview.no_usage")}
        action={begins ? <ButtonLink to={`/orgs/${org}/start`}>{t("overview.open_guide")}</ButtonLink> : null}
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
