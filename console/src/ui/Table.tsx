import type { ReactNode } from "react";
import { cx } from "./classes";

export interface Column<Row> {
  id: string;
  header: ReactNode;
  cell: (row: Row) => ReactNode;
  numeric?: boolean;
  /** Marks the cell that names the row. */
  rowHeader?: boolean;
}

interface TableProps<Row> {
  label: string;
  columns: readonly Column<Row>[];
  rows: readonly Row[];
  rowKey: (row: Row) => string;
  footer?: ReactNode;
  /** On narrow screens each row is a block with its cells one below the other, instead of scrolling sideways. */
  stacks?: boolean;
}

const cellClass = (numeric: boolean | undefined, stacks: boolean): string =>
  cx(
    "px-4 py-2.5",
    numeric && "tabular text-right",
    stacks && "max-sm:flex max-sm:min-w-0 max-sm:items-baseline max-sm:justify-between max-sm:gap-6 max-sm:px-0 max-sm:py-0.5",
  );

/** A plain table; narrow screens scroll it sideways inside its card, or stack its cells. */
export function Table<Row>({ label, columns, rows, rowKey, footer, stacks = false }: TableProps<Row>) {
  // Elements of a table that are drawn as blocks keep their meaning by these roles.
  const role = (name: string) => (stacks ? { role: name } : {});
  return (
    <div className="relative overflow-x-auto" tabIndex={0} role="region" aria-label={label}>
      <table {...role("table")} className={cx("w-full text-left text-sm", stacks && "max-sm:block")}>
        <caption className="sr-only">{label}</caption>
        <thead {...role("rowgroup")} className={cx(stacks && "max-sm:sr-only")}>
          <tr {...role("row")} className="border-b border-line text-xs text-ink-3">
            {columns.map((column) => (
              <th
                key={column.id}
                scope="col"
                {...role("columnheader")}
                className={cx("px-4 py-2 font-medium whitespace-nowrap", column.numeric && "text-right")}
              >
                {column.header}
              </th>
            ))}
          </tr>
        </thead>
        <tbody {...role("rowgroup")} className={cx("divide-y divide-line", stacks && "max-sm:block")}>
          {rows.map((row) => (
            <tr key={rowKey(row)} {...role("row")} className={cx("hover:bg-sunken/60", stacks && "max-sm:block max-sm:px-4 max-sm:py-2.5")}>
              {columns.map((column) =>
                column.rowHeader ? (
                  <th key={column.id} scope="row" {...role("rowheader")} className={cx(cellClass(column.numeric, stacks), "font-medium")}>
                    {column.cell(row)}
                  </th>
                ) : (
                  <td key={column.id} {...role("cell")} className={cellClass(column.numeric, stacks)}>
                    {stacks ? <StackLabel header={column.header} /> : null}
                    {column.cell(row)}
                  </td>
                ),
              )}
            </tr>
          ))}
        </tbody>
        {footer ? <tfoot className="border-t border-line-strong/60 font-medium">{footer}</tfoot> : null}
      </table>
    </div>
  );
}

/** What a stacked cell is about; a header that is not seen in the table is not seen here. */
const StackLabel = ({ header }: { header: ReactNode }) => (
  <span aria-hidden className="hidden shrink-0 text-xs text-ink-3 max-sm:block">
    {typeof header === "string" ? header : null}
  </span>
);
