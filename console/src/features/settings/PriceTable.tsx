import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { priceBookQuery } from "../../api/queries";
import type { PriceBook } from "../../api/types";
import { formatMoney } from "../../format/money";
import { formatBytes, formatMeter } from "../../format/units";
import { editionName } from "../../layout/edition";
import { Card } from "../../ui/Layout";
import { Loading, ProblemNotice } from "../../ui/States";
import { type Column, Table } from "../../ui/Table";

type Price = PriceBook["prices"][number];

/** Editions in the order in which they grow. */
const EDITIONS = ["community", "professional", "enterprise"];

export function PriceTable({ org }: { org: string }) {
  const { t } = useTranslation();
  const book = useQuery(priceBookQuery(org));
  return (
    <Card title={t("plan.prices")} {...(book.data ? { hint: t("plan.prices_hint", { version: book.data.version }) } : {})} flush>
      {book.error ? (
        <ProblemNotice error={book.error} onRetry={() => void book.refetch()} className="m-4" />
      ) : book.data ? (
        <Prices book={book.data} />
      ) : (
        <Loading />
      )}
    </Card>
  );
}

/** An included amount; a month's bytes are bytes held all month, not byte-hours. */
function includedAmount(price: Price, amount: number | undefined): string {
  if (amount === undefined) return "–";
  return price.per.times === "hours_of_period" ? formatBytes(amount) : formatMeter(price.meter, amount);
}

function Prices({ book }: { book: PriceBook }) {
  const { t } = useTranslation();
  const known = EDITIONS.filter((edition) => edition in book.editions);
  const columns: Column<Price>[] = [
    { id: "for", header: t("plan.price_meter"), rowHeader: true, cell: ({ description }) => description },
    {
      id: "price",
      header: t("plan.price"),
      numeric: true,
      cell: ({ unit_price, per }) => (
        <span className="whitespace-nowrap">
          {formatMoney(unit_price, "exact")} <span className="text-ink-3">{t("billing.per", { what: per.label })}</span>
        </span>
      ),
    },
    ...known.map(
      (edition): Column<Price> => ({
        id: edition,
        header: t("plan.price_included", { edition: editionName(t, edition) }),
        numeric: true,
        cell: (price) => <span className="whitespace-nowrap">{includedAmount(price, book.editions[edition]?.included[price.meter])}</span>,
      }),
    ),
  ];
  return (
    <Table
      label={t("plan.prices")}
      columns={columns}
      rows={book.prices}
      rowKey={({ meter }) => meter}
      footer={
        <tr>
          <th scope="row" colSpan={2} className="px-4 py-2.5 text-left font-medium">
            {t("plan.price_base")}
          </th>
          {known.map((edition) => {
            const fee = book.editions[edition]?.base_fee;
            return (
              <td key={edition} className="tabular px-4 py-2.5 text-right">
                {fee ? formatMoney(fee) : ""}
              </td>
            );
          })}
        </tr>
      }
    />
  );
}
