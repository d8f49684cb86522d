import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { FolderTree, Plus, Trash2 } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { control, need } from "../../api/client";
import { namespacesQuery } from "../../api/queries";
import type { Namespace } from "../../api/types";
import { formatDateTime } from "../../format/time";
import { useOrg } from "../../layout/useOrg";
import { Button, IconButton } from "../../ui/Button";
import { TextLink } from "../../ui/ButtonLink";
import { ConfirmByName } from "../../ui/ConfirmByName";
import { Card, Page } from "../../ui/Layout";
import { Empty, ListCut, Loading, ProblemNotice } from "../../ui/States";
import { type Column, Table } from "../../ui/Table";
import { CreateNamespace } from "./CreateNamespace";
import { NamespaceStatus } from "./NamespaceStatus";

/** While one is being made or deleted, its state is looked at again. */
const MOVING_MS = 1000;

export function Namespaces() {
  const { t } = useTranslation();
  const { org, can } = useOrg();
  const [creating, setCreating] = useState(false);
  const [deleting, setDeleting] = useState<string | null>(null);
  const list = useQuery({
    ...namespacesQuery(org),
    refetchInterval: ({ state }) => (state.data?.items.some(({ status }) => status !== "ready") ? MOVING_MS : false),
  });
  const create = can("ManageNamespaces") ? (
    <Button look="primary" onPress={() => setCreating(true)}>
      <Plus aria-hidden className="size-4" />
      {t("namespaces.create")}
    </Button>
  ) : null;
  return (
    <Page title={t("namespaces.title")} lead={t("namespaces.lead")} actions={create}>
      <Card flush>
        {list.error ? (
          <ProblemNotice error={list.error} onRetry={() => void list.refetch()} className="m-4" />
        ) : !list.data ? (
          <Loading />
        ) : list.data.items.length === 0 ? (
          <Empty icon={FolderTree} title={t("namespaces.empty_title")} action={create}>
            {t("namespaces.empty")}
          </Empty>
        ) : (
          <>
            <ListCut list={list.data} className="m-4" />
            <NamespaceTable org={org} rows={list.data.items} onDelete={can("ManageNamespaces") ? setDeleting : null} />
          </>
        )}
      </Card>
      <CreateNamespace org={org} isOpen={creating} onClose={() => setCreating(false)} />
      <DeleteNamespace org={org} name={deleting} onClose={() => setDeleting(null)} />
    </Page>
  );
}

interface TableProps {
  org: string;
  rows: Namespace[];
  /** Null for who may not. */
  onDelete: ((name: string) => void) | null;
}

function NamespaceTable({ org, rows, onDelete }: TableProps) {
  const { t } = useTranslation();
  const columns: Column<Namespace>[] = [
    {
      id: "name",
      header: t("namespaces.name"),
      rowHeader: true,
      cell: ({ name }) => <TextLink to={`/orgs/${org}/data?ns=${encodeURIComponent(name)}`}>{name}</TextLink>,
    },
    { id: "status", header: t("namespaces.status"), cell: ({ status }) => <NamespaceStatus status={status} /> },
    { id: "id", header: t("namespaces.id"), cell: ({ id }) => <code className="font-mono text-xs text-ink-2">{id}</code> },
    {
      id: "created",
      header: t("namespaces.created"),
      cell: ({ created_at }) => <span className="whitespace-nowrap text-ink-2">{formatDateTime(created_at)}</span>,
    },
  ];
  if (onDelete) {
    columns.push({
      id: "delete",
      header: <span className="sr-only">{t("namespaces.delete")}</span>,
      numeric: true,
      cell: ({ name, status }) => (
        <IconButton
          label={`${t("namespaces.delete")} ${name}`}
          isDisabled={status === "deleting"}
          onPress={() => onDelete(name)}
          className="size-7"
        >
          <Trash2 aria-hidden className="size-4" />
        </IconButton>
      ),
    });
  }
  return <Table label={t("namespaces.title")} columns={columns} rows={rows} rowKey={({ id }) => id} />;
}

function DeleteNamespace({ org, name, onClose }: { org: string; name: string | null; onClose: () => void }) {
  const { t } = useTranslation();
  const queryClient = useQueryClient();
  const remove = useMutation({
    mutationFn: (ns: string) => need(control.DELETE("/v1/orgs/{org}/namespaces/{ns}", { params: { path: { org, ns } } })),
    onSuccess: async () => {
      await queryClient.invalidateQueries({ queryKey: namespacesQuery(org).queryKey });
      onClose();
    },
  });
  const close = () => {
    remove.reset();
    onClose();
  };
  return (
    <ConfirmByName
      name={name}
      title={t("namespaces.delete_title", { name: name ?? "" })}
      lead={t("namespaces.delete_lead")}
      typeLabel={t("namespaces.delete_type", { name: name ?? "" })}
      submitLabel={t("namespaces.delete_submit")}
      isPending={remove.isPending}
      error={remove.error}
      onConfirm={() => {
        if (name !== null) remove.mutate(name);
      }}
      onClose={close}
    />
  );
}
