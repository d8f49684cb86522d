import type { InfiniteData, UseInfiniteQueryResult } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { PageOf } from "../api/pages";
import { formatNumber } from "../format/units";
import { Button } from "./Button";
import { Loading, ProblemNotice } from "./States";
import { type Column, Table } from "./Table";

interface PagedTableProps<Row> {
  label: string;
  list: UseInfiniteQueryResult<InfiniteData<PageOf<Row>>>;
  columns: readonly Column<Row>[];
  rowKey: (row: Row) => string;
  /** Stands where the list has nothing. */
  empty: ReactNode;
}

/** A list that is read on a page at a time: what is there so far, and a button for more. */
export function PagedTable<Row>({ label, list, columns, rowKey, empty }: PagedTableProps<Row>) {
  const { t } = useTranslation();
  if (!list.data) {
    return list.error ? <ProblemNotice error={list.error} onRetry={() => void list.refetch()} className="m-4" /> : <Loading />;
  }
  const rows = list.data.pages.flatMap(({ items }) => items);
  const again = () => void (list.isFetchNextPageError ? list.fetchNextPage() : list.refetch());
  return (
    <>
      {rows.length === 0 ? empty : <Table label={label} columns={columns} rows={rows} rowKey={rowKey} stacks />}
      {list.error ? <ProblemNotice error={list.error} onRetry={again} className="m-4" /> : null}
      {list.hasNextPage ? (
        <div className="flex flex-wrap items-center justify-center gap-3 border-t border-line p-3">
          <span role="status" className="text-xs text-ink-3">
            {t("common.shown", { count: rows.length, shown: formatNumber(rows.length) })}
          </span>
          <Button size="sm" isPending={list.isFetchingNextPage} onPress={() => void list.fetchNextPage()}>
            {t("common.load_more")}
          </Button>
        </div>
      ) : null}
    </>
  );
}
