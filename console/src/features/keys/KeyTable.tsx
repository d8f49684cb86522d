import type { InfiniteData, UseInfiniteQueryResult } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import type { PageOf } from "../../api/pages";
import type { ApiKey } from "../../api/types";
import { formatDate, formatDateTime } from "../../format/time";
import { useOrg } from "../../layout/useOrg";
import { Button } from "../../ui/Button";
import { Badge } from "../../ui/Layout";
import { PagedTable } from "../../ui/PagedTable";
import type { Column } from "../../ui/Table";

/** What can be done to a key from its row. */
export type KeyAction = "edit" | "rotate" | "revoke";

interface KeyTableProps {
  list: UseInfiniteQueryResult<InfiniteData<PageOf<ApiKey>>>;
  empty: ReactNode;
  onAction: (action: KeyAction, key: ApiKey) => void;
}

export function KeyTable({ list, empty, onAction }: KeyTableProps) {
  const { t } = useTranslation();
  const { can } = useOrg();
  const [now] = useState(() => Date.now());
  const columns: Column<ApiKey>[] = [
    { id: "name", header: t("keys.name"), rowHeader: true, cell: (key) => <Name apiKey={key} /> },
    { id: "reach", header: t("keys.reach"), cell: (key) => <Reach apiKey={key} /> },
    { id: "addresses", header: t("keys.addresses"), cell: ({ allowed_addresses }) => <Addresses ranges={allowed_addresses} /> },
    { id: "used", header: t("keys.last_used"), cell: (key) => <LastUse apiKey={key} /> },
    { id: "expires", header: t("keys.expiry"), cell: (key) => <Ending apiKey={key} now={now} /> },
  ];
  if (can("ManageApiKeys")) {
    const button = (action: KeyAction, key: ApiKey) => (
      <Button size="sm" aria-label={`${t(`keys.${action}`)} ${key.name}`} onPress={() => onAction(action, key)}>
        {t(`keys.${action}`)}
      </Button>
    );
    columns.push({
      id: "actions",
      header: <span className="sr-only">{t("common.actions")}</span>,
      numeric: true,
      cell: (key) => {
        const expired = isOver(key, now);
        return (
          <span className="flex justify-end gap-1.5">
            {expired ? null : button("edit", key)}
            {expired || key.replaced_by ? null : button("rotate", key)}
            {button("revoke", key)}
          </span>
        );
      },
    });
  }
  return <PagedTable label={t("keys.title")} list={list} columns={columns} rowKey={({ id }) => id} empty={empty} />;
}

const isOver = ({ expires_at }: ApiKey, now: number): boolean => Boolean(expires_at) && Date.parse(expires_at ?? "") <= now;

function Name({ apiKey }: { apiKey: ApiKey }) {
  const { t } = useTranslation();
  return (
    <span className="flex flex-col items-start gap-0.5">
      <span className="flex flex-wrap items-center gap-1.5">
        <span className="break-words">{apiKey.name}</span>
        {apiKey.replaced_by ? <Badge tone="warn">{t("keys.replaced")}</Badge> : null}
        {apiKey.replaces ? <Badge tone="ok">{t("keys.replacement")}</Badge> : null}
      </span>
      <code className="font-mono text-xs font-normal whitespace-nowrap text-ink-3">{apiKey.prefix}…</code>
      <span className="text-xs font-normal whitespace-nowrap text-ink-3">{t("keys.created_on", { day: formatDate(apiKey.created_at) })}</span>
    </span>
  );
}

function Reach({ apiKey: { namespaces, scopes } }: { apiKey: ApiKey }) {
  const { t } = useTranslation();
  return (
    <span className="flex min-w-0 flex-col items-start gap-1 max-sm:items-end">
      <code className="font-mono text-xs wrap-anywhere">{namespaces}</code>
      <span className="flex gap-1">
        {scopes.map((scope) => (
          <Badge key={scope} tone={scope === "admin" ? "warn" : "neutral"}>
            {t(`keys.scope.${scope}`)}
          </Badge>
        ))}
      </span>
    </span>
  );
}

function Addresses({ ranges }: { ranges: string[] }) {
  const { t } = useTranslation();
  const SHOWN = 2;
  if (ranges.length === 0) return <span className="text-ink-2">{t("keys.anywhere")}</span>;
  return (
    <span title={ranges.join(", ")} className="flex flex-col font-mono text-xs whitespace-nowrap max-sm:items-end">
      {ranges.slice(0, SHOWN).map((range) => (
        <span key={range}>{range}</span>
      ))}
      {ranges.length > SHOWN ? <span className="font-sans text-ink-3">{t("keys.more_addresses", { count: ranges.length - SHOWN })}</span> : null}
    </span>
  );
}

function LastUse({ apiKey: { last_used_at, last_used_address } }: { apiKey: ApiKey }) {
  const { t } = useTranslation();
  if (!last_used_at) return <span className="text-ink-2">{t("common.never")}</span>;
  return (
    <span className="flex flex-col text-ink-2 max-sm:items-end">
      {formatDateTime(last_used_at)}
      {last_used_address ? <code className="font-mono text-xs text-ink-3">{last_used_address}</code> : null}
    </span>
  );
}

function Ending({ apiKey, now }: { apiKey: ApiKey; now: number }) {
  const { t } = useTranslation();
  if (!apiKey.expires_at) return <span className="text-ink-2">{t("common.never")}</span>;
  return isOver(apiKey, now) ? (
    <Badge tone="danger">{t("keys.expired")}</Badge>
  ) : (
    <span className="text-ink-2">{formatDateTime(apiKey.expires_at)}</span>
  );
}
