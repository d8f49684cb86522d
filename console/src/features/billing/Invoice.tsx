import { useQuery } from "@tanstack/react-query";
import { CircleCheck, CircleHelp, FileText, TriangleAlert } from "lucide-react";
import { useTranslation } from "react-i18next";
import { invoiceQuery, priceBookQuery } from "../../api/queries";
import type { InvoiceLine, InvoicePreview } from "../../api/types";
import { formatMoney } from "../../format/money";
import { formatDate } from "../../format/time";
import { formatMeter } from "../../format/units";
import { useOrg } from "../../layout/useOrg";
import { Button } from "../../ui/Button";
import { Card, Fact, Page } from "../../ui/Layout";
import { Empty, Loading, ProblemNotice } from "../../ui/States";
import { type Column, Table } from "../../ui/Table";
import { editionName } from "../../layout/edition";
import { check } from "./check";

const REFRESH_MS = 10_000;

export function Invoice() {
  const { t } = useTranslation();
  const { org } = useOrg();
  const invoice = useQuery({ ...invoiceQuery(org), refetchInterval: REFRESH_MS });
  return (
    <Page
      title={t("billing.title")}
      lead={t("billing.lead")}
      actions={
        <Button onPress={() => void invoice.refetch()} isPending={invoice.isFetching && !invoice.isPending}>
          {t("common.refresh")}
        </Button>
      }
    >
      {invoice.error ? (
        <ProblemNotice error={invoice.error} onRetry={() => void invoice.refetch()} />
      ) : invoice.data ? (
        <Preview invoice={invoice.data} />
      ) : (
        <Loading rows={6} />
      )}
    </Page>
  );
}

function Preview({ invoice }: { invoice: InvoicePreview }) {
  const { t } = useTranslation();
  const { organization } = useOrg();
  const { period } = invoice;
  return (
    <>
      <dl className="grid grid-cols-2 gap-4 rounded-lg border border-line bg-surface p-4 shadow-card sm:grid-cols-3">
        <Fact
          label={t("billing.period")}
          value={t("billing.period_value", {
            from: formatDate(period.start, undefined, "UTC"),
            to: formatDate(period.end, undefined, "UTC"),
          })}
        />
        <Fact label={t("billing.edition")} value={editionName(t, organization.edition)} />
        <Fact
          label={t("billing.total")}
          value={<span className="text-lg font-semibold">{formatMoney(invoice.total)}</span>}
        />
      </dl>
      <Card flush>
        {invoice.lines.length === 0 ? (
          <Empty icon={FileText} title={t("billing.empty_title")}>
            {t("billing.empty")}
          </Empty>
        ) : (
          <Lines invoice={invoice} />
        )}
      </Card>
      <AddsUp invoice={invoice} />
      {organization.edition === "community" ? <p className="text-sm text-ink-2">{t("billing.free")}</p> : null}
    </>
  );
}

function Lines({ invoice }: { invoice: InvoicePreview }) {
  const { t } = useTranslation();
  const amount = (pick: (line: InvoiceLine) => number | bigint) => (line: InvoiceLine) =>
    line.meter ? <span className="whitespace-nowrap">{formatMeter(line.meter, pick(line))}</span> : null;
  const columns: Column<InvoiceLine>[] = [
    {
      id: "line",
      header: t("billing.meter"),
      rowHeader: true,
      cell: ({ description, explanation, counted_in }) => (
        <span className="flex min-w-40 flex-col">
          {description}
          <span className="text-xs font-normal text-ink-3">{counted_in ? `${t(`billing.counted_in.${counted_in}`)}: ${explanation}` : explanation}</span>
        </span>
      ),
    },
    { id: "used", header: t("billing.used"), numeric: true, cell: amount((line) => line.quantity) },
    { id: "included", header: t("billing.included"), numeric: true, cell: amount((line) => line.included_quantity) },
    { id: "billable", header: t("billing.billable"), numeric: true, cell: amount((line) => line.billable_quantity) },
    { id: "price", header: t("billing.unit_price"), numeric: true, cell: (line) => <UnitPrice line={line} /> },
    { id: "amount", header: t("billing.amount"), numeric: true, cell: (line) => formatMoney(line.amount) },
  ];
  return (
    <Table
      label={t("billing.title")}
      columns={columns}
      rows={invoice.lines}
      rowKey={(line) => line.meter ?? line.description}
      footer={
        <tr>
          <th scope="row" colSpan={columns.length - 1} className="px-4 py-3 text-left">
            {t("billing.total")}
          </th>
          <td data-testid="invoice-total" className="tabular px-4 py-3 text-right">
            {formatMoney(invoice.total)}
          </td>
        </tr>
      }
    />
  );
}

function UnitPrice({ line: { unit_price, per } }: { line: InvoiceLine }) {
  const { t } = useTranslation();
  if (!unit_price || !per) return null;
  return (
    <span className="flex flex-col whitespace-nowrap">
      {formatMoney(unit_price, "exact")}
      <span className="text-xs text-ink-3">{t("billing.per", { what: per.label })}</span>
    </span>
  );
}

const VERDICTS = {
  right: { icon: CircleCheck, tone: "text-ok" },
  wrong: { icon: TriangleAlert, tone: "text-danger" },
  other_book: { icon: CircleHelp, tone: "text-ink-2" },
} as const;

/** The invoice recomputed by the price book; nothing is said while the book is not there. */
function AddsUp({ invoice }: { invoice: InvoicePreview }) {
  const { t } = useTranslation();
  const { org } = useOrg();
  const book = useQuery({
    ...priceBookQuery(org),
    // Another book comes into force with a month; the invoice may tell of it first.
    refetchInterval: ({ state }) => (state.data && state.data.version !== invoice.price_book_version ? REFRESH_MS : false),
  });
  if (book.error) return <ProblemNotice error={book.error} onRetry={() => void book.refetch()} />;
  if (!book.data) return <Loading rows={1} className="p-0" />;
  const verdict = check(invoice, book.data);
  const { icon: Icon, tone } = VERDICTS[verdict];
  return (
    <p data-testid="adds-up" data-right={verdict === "right"} className={`flex items-center gap-2 text-sm ${tone}`}>
      <Icon aria-hidden className="size-4 shrink-0" />
      {t(`billing.verdicts.${verdict}`)}
    </p>
  );
}
