import { useTranslation } from "react-i18next";
import { formatBucket } from "../../format/time";
import { formatMeter } from "../../format/units";
import { type Column, Table } from "../../ui/Table";
import type { GroupBy, Series } from "./aggregate";

interface UsageTableProps {
  meter: string;
  series: Series[];
  starts: string[];
  granularity: "hour" | "day";
  group: GroupBy;
  groupName: (id: string) => string;
  /** Whether rows are missing, so that the sum is one of these rows alone. */
  isCut: boolean;
}

interface Row {
  start: string;
  group: string;
  amount: number;
}

/** What the chart shows, as figures; hours without usage are left out. */
export function UsageTable({ meter, series, starts, granularity, group, groupName, isCut }: UsageTableProps) {
  const { t } = useTranslation();
  const rows = starts
    .flatMap((start, index) => series.map((one): Row => ({ start, group: one.group, amount: one.values[index] ?? 0 })))
    .filter((row) => row.amount > 0)
    .reverse();
  const columns: Column<Row>[] = [
    {
      id: "when",
      header: t("usage.when"),
      rowHeader: true,
      cell: ({ start }) => <span className="whitespace-nowrap">{formatBucket(start, granularity)}</span>,
    },
  ];
  if (group !== "none") {
    columns.push({ id: "group", header: t(`usage.groups.${group}`), cell: (row) => groupName(row.group) });
  }
  columns.push({ id: "amount", header: t("usage.amount"), numeric: true, cell: ({ amount }) => formatMeter(meter, amount) });
  const total = series.reduce((sum, one) => sum + one.total, 0);
  return (
    <Table
      label={t("usage.table")}
      columns={columns}
      rows={rows}
      rowKey={(row) => `${row.start} ${row.group}`}
      footer={
        <tr>
          <th scope="row" colSpan={columns.length - 1} className="px-4 py-2.5 text-left font-medium">
            {isCut ? t("usage.total_shown") : t("usage.total")}
          </th>
          <td className="tabular px-4 py-2.5 text-right">{formatMeter(meter, total)}</td>
        </tr>
      }
    />
  );
}
