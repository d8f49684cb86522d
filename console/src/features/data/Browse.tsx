import { useInfiniteQuery, useMutation, useQueryClient } from "@tanstack/react-query";
import { Rows3, Trash2 } from "lucide-react";
import { useTranslation } from "react-i18next";
import { dataClient, need, needExact } from "../../api/client";
import type { RecordPage, ScanRequest, StoredRecord } from "../../api/types";
import { showJson } from "../../format/exactJson";
import { Button, IconButton } from "../../ui/Button";
import { Card } from "../../ui/Layout";
import { Empty, Loading, ProblemNotice } from "../../ui/States";
import { type Column, Table } from "../../ui/Table";

const PAGE = 50;

interface BrowseProps {
  org: string;
  ns: string;
  collection: string;
  /** Leads to where records are added; null for who may not. */
  onAdd: (() => void) | null;
}

export function Browse({ org, ns, collection, onAdd }: BrowseProps) {
  const { t } = useTranslation();
  const pages = useInfiniteQuery({
    queryKey: ["org", org, "data", ns, collection, "records"],
    queryFn: async ({ pageParam }) => {
      const body: ScanRequest = { limit: PAGE, include: ["text", "attributes"], ...(pageParam ? { cursor: pageParam } : {}) };
      return (await needExact(
        dataClient(org).POST("/v1/namespaces/{namespace}/collections/{collection}/scan", {
          params: { path: { namespace: ns, collection } },
          body,
          parseAs: "text",
        }),
      )) as RecordPage;
    },
    initialPageParam: "",
    getNextPageParam: (last) => last.result.next_cursor ?? null,
    // Each look is a metered read: only by request, never on its own.
    refetchOnWindowFocus: false,
    refetchOnReconnect: false,
    staleTime: Infinity,
  });
  const records = pages.data?.pages.flatMap((page) => page.result.records) ?? [];
  return (
    <Card title={t("data.browse.title")} hint={t("data.browse.by_id")} actions={<Button size="sm" onPress={() => void pages.refetch()}>{t("common.refresh")}</Button>} flush>
      {pages.error ? <ProblemNotice error={pages.error} onRetry={() => void pages.refetch()} className="m-4" /> : null}
      {pages.isPending ? (
        <Loading />
      ) : pages.isSuccess && records.length === 0 ? (
        <Empty icon={Rows3} title={t("data.browse.empty_title")} action={onAdd ? <Button onPress={onAdd}>{t("data.tabs.add")}</Button> : null}>
          {t("data.browse.empty")}
        </Empty>
      ) : (
        <RecordTable org={org} ns={ns} collection={collection} records={records} deletes={onAdd !== null} />
      )}
      {pages.hasNextPage ? (
        <div className="border-t border-line p-3 text-center">
          <Button isPending={pages.isFetchingNextPage} onPress={() => void pages.fetchNextPage()}>
            {t("common.load_more")}
          </Button>
        </div>
      ) : null}
    </Card>
  );
}

type RecordTableProps = Omit<BrowseProps, "onAdd"> & { records: StoredRecord[]; deletes: boolean };

function RecordTable({ org, ns, collection, records, deletes }: RecordTableProps) {
  const { t } = useTranslation();
  const queryClient = useQueryClient();
  const remove = useMutation({
    mutationFn: (id: string) =>
      need(
        dataClient(org).POST("/v1/namespaces/{namespace}/collections/{collection}/delete", {
          params: { path: { namespace: ns, collection } },
          body: { ids: [id] },
        }),
      ),
    onSuccess: () => queryClient.invalidateQueries({ queryKey: ["org", org, "data", ns] }),
  });
  const columns: Column<StoredRecord>[] = [
    {
      id: "id",
      header: t("data.browse.id"),
      rowHeader: true,
      cell: ({ id }) => <code className="block max-w-56 min-w-32 truncate font-mono text-xs" title={id}>{id}</code>,
    },
    { id: "text", header: t("data.browse.text"), cell: ({ text }) => <span className="line-clamp-2 min-w-48">{text}</span> },
    {
      id: "attributes",
      header: t("data.browse.attributes"),
      cell: ({ attributes }) =>
        attributes && Object.keys(attributes).length > 0 ? (
          <code className="font-mono text-xs break-all text-ink-2">{showJson(attributes)}</code>
        ) : null,
    },
  ];
  if (deletes) {
    columns.push({
      id: "delete",
      header: <span className="sr-only">{t("namespaces.delete")}</span>,
      numeric: true,
      cell: ({ id }) => (
        <IconButton label={t("data.browse.delete", { id })} isDisabled={remove.isPending} onPress={() => remove.mutate(id)} className="size-7">
          <Trash2 aria-hidden className="size-4" />
        </IconButton>
      ),
    });
  }
  return (
    <>
      {remove.error ? <ProblemNotice error={remove.error} className="m-4" /> : null}
      <p role="status" className="sr-only">
        {remove.isSuccess ? t("data.browse.deleted", { id: remove.variables }) : ""}
      </p>
      <Table label={t("data.browse.title")} columns={columns} rows={records} rowKey={({ id }) => id} />
    </>
  );
}
