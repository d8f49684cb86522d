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
}

const cellClass = (numeric: boolean | undefined): string => cx("px-4 py-2.5", numeric && "tabular text-right");

/** A plain table; narrow screens scroll it sideways inside its card. */
export function Table<Row>({ label, columns, rows, rowKey, footer }: TableProps<Row>) {
  return (
    <div className="relative overflow-x-auto" tabIndex={0} role="region" aria-label={label}>
      <table className="w-full text-left text-sm">
        <caption className="sr-only">{label}</caption>
        <thead>
          <tr className="border-b border-line text-xs text-ink-3">
            {columns.map((column) => (
              <th key={column.id} scope="col" className={cx("px-4 py-2 font-medium whitespace-nowrap", column.numeric && "text-right")}>
                {column.header}
              </th>
            ))}
          </tr>
        </thead>
        <tbody className="divide-y divide-line">
          {rows.map((row) => (
            <tr key={rowKey(row)} className="hover:bg-sunken/60">
              {columns.map((column) =>
                column.rowHeader ? (
                  <th key={column.id} scope="row" className={cx(cellClass(column.numeric), "font-medium")}>
                    {column.cell(row)}
                  </th>
                ) : (
                  <td key={column.id} className={cellClass(column.numeric)}>
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
