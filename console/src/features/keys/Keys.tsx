import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { KeyRound, Plus } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { control, need } from "../../api/client";
import { keysQuery } from "../../api/queries";
import type { ApiKey } from "../../api/types";
import { formatDateTime } from "../../format/time";
import { useOrg } from "../../layout/useOrg";
import { Button } from "../../ui/Button";
import { Dialog, DialogActions } from "../../ui/Dialog";
import { Badge, Card, Page } from "../../ui/Layout";
import { Empty, ListCut, Loading, ProblemNotice } from "../../ui/States";
import { type Column, Table } from "../../ui/Table";
import { CreateKey } from "./CreateKey";

export function Keys() {
  const { t } = useTranslation();
  const { org } = useOrg();
  const [creating, setCreating] = useState(false);
  const [revoking, setRevoking] = useState<ApiKey | null>(null);
  const list = useQuery(keysQuery(org));
  const create = (
    <Button look="primary" onPress={() => setCreating(true)}>
      <Plus aria-hidden className="size-4" />
      {t("keys.create")}
    </Button>
  );
  return (
    <Page title={t("keys.title")} lead={t("keys.lead")} actions={create}>
      <Card flush>
        {list.error ? (
          <ProblemNotice error={list.error} onRetry={() => void list.refetch()} className="m-4" />
        ) : !list.data ? (
          <Loading />
        ) : list.data.items.length === 0 ? (
          <Empty icon={KeyRound} title={t("keys.empty_title")} action={create}>
            {t("keys.empty")}
          </Empty>
        ) : (
          <>
            <ListCut list={list.data} className="m-4" />
            <KeyTable rows={list.data.items} onRevoke={setRevoking} />
          </>
        )}
      </Card>
      <CreateKey org={org} isOpen={creating} onClose={() => setCreating(false)} />
      <RevokeKey org={org} apiKey={revoking} onClose={() => setRevoking(null)} />
    </Page>
  );
}

function KeyTable({ rows, onRevoke }: { rows: ApiKey[]; onRevoke: (key: ApiKey) => void }) {
  const { t } = useTranslation();
  const columns: Column<ApiKey>[] = [
    { id: "name", header: t("keys.name"), rowHeader: true, cell: ({ name }) => name },
    {
      id: "prefix",
      header: t("keys.key"),
      cell: ({ prefix }) => <code className="font-mono text-xs whitespace-nowrap text-ink-2">{prefix}…</code>,
    },
    { id: "namespaces", header: t("keys.namespaces"), cell: ({ namespaces }) => <code className="font-mono text-xs">{namespaces}</code> },
    {
      id: "scopes",
      header: t("keys.scopes"),
      cell: ({ scopes }) => (
        <span className="flex gap-1">
          {scopes.map((scope) => (
            <Badge key={scope} tone={scope === "admin" ? "warn" : "neutral"}>
              {t(`keys.scope.${scope}`)}
            </Badge>
          ))}
        </span>
      ),
    },
    {
      id: "created",
      header: t("keys.created"),
      cell: ({ created_at }) => <span className="whitespace-nowrap text-ink-2">{formatDateTime(created_at)}</span>,
    },
    { id: "expires", header: t("keys.expiry"), cell: ({ expires_at }) => <Expiry at={expires_at ?? null} /> },
    {
      id: "revoke",
      header: <span className="sr-only">{t("keys.revoke")}</span>,
      numeric: true,
      cell: (key) => (
        <Button size="sm" aria-label={`${t("keys.revoke")} ${key.name}`} onPress={() => onRevoke(key)}>
          {t("keys.revoke")}
        </Button>
      ),
    },
  ];
  return <Table label={t("keys.title")} columns={columns} rows={rows} rowKey={({ id }) => id} />;
}

function Expiry({ at }: { at: string | null }) {
  const { t } = useTranslation();
  const [now] = useState(() => Date.now());
  if (at === null) return <span className="text-ink-2">{t("common.never")}</span>;
  return Date.parse(at) <= now ? (
    <Badge tone="danger">{t("keys.expired")}</Badge>
  ) : (
    <span className="whitespace-nowrap text-ink-2">{formatDateTime(at)}</span>
  );
}

function RevokeKey({ org, apiKey, onClose }: { org: string; apiKey: ApiKey | null; onClose: () => void }) {
  const { t } = useTranslation();
  const queryClient = useQueryClient();
  const revoke = useMutation({
    mutationFn: (key: string) => need(control.DELETE("/v1/orgs/{org}/api-keys/{key}", { params: { path: { org, key } } })),
    onSuccess: async () => {
      await queryClient.invalidateQueries({ queryKey: keysQuery(org).queryKey });
      onClose();
    },
  });
  const close = () => {
    revoke.reset();
    onClose();
  };
  return (
    <Dialog title={t("keys.revoke_title", { name: apiKey?.name ?? "" })} isOpen={apiKey !== null} onClose={close}>
      <p className="text-ink-2">{t("keys.revoke_lead")}</p>
      {revoke.error ? <ProblemNotice error={revoke.error} /> : null}
      <DialogActions>
        <Button onPress={close}>{t("common.cancel")}</Button>
        <Button
          look="danger"
          isPending={revoke.isPending}
          onPress={() => {
            if (apiKey) revoke.mutate(apiKey.id);
          }}
        >
          {t("keys.revoke_submit")}
        </Button>
      </DialogActions>
    </Dialog>
  );
}
