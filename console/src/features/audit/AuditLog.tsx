import { useInfiniteQuery } from "@tanstack/react-query";
import { RefreshCw, ScrollText } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useSearchParams } from "react-router";
import { auditQuery } from "../../api/queries";
import type { AuditEvent } from "../../api/types";
import { formatDateTime } from "../../format/time";
import { mayReadAudit } from "../../layout/permissions";
import { useOrg } from "../../layout/useOrg";
import { Button } from "../../ui/Button";
import { Badge, Card, Page } from "../../ui/Layout";
import { PagedTable } from "../../ui/PagedTable";
import { Empty, Notice } from "../../ui/States";
import type { Column } from "../../ui/Table";
import { useActionName, whoOf, whatOf } from "./eventText";
import { EventDetails } from "./EventDetails";
import { type AuditForm, formOf, paramsOf, searchOf } from "./search";
import { SearchForm } from "./SearchForm";

/** What was changed in the organisation and by whom, and what was refused. */
export function AuditLog() {
  const { t } = useTranslation();
  const { organization } = useOrg();
  return (
    <Page title={t("audit.title")} lead={t("audit.lead")}>
      {mayReadAudit(organization.role) ? <Log /> : <Notice>{t("audit.not_yours")}</Notice>}
    </Page>
  );
}

function Log() {
  const { t } = useTranslation();
  const { org } = useOrg();
  const [params, setParams] = useSearchParams();
  const form = formOf(params);
  const list = useInfiniteQuery(auditQuery(org, searchOf(form)));
  const [open, setOpen] = useState<AuditEvent | null>(null);
  const kept = list.data?.pages[0]?.kept_days;
  const search = (next: AuditForm) => setParams(paramsOf(next));
  return (
    <>
      {/* The address may change by the browser's own buttons: then the form is that of the address. */}
      <SearchForm key={params.toString()} initial={form} isPending={list.isFetching && !list.isFetchingNextPage} onSearch={search} />
      <Card
        title={t("audit.events")}
        hint={kept === undefined ? null : t("audit.kept", { count: kept })}
        actions={
          <Button size="sm" onPress={() => void list.refetch()}>
            <RefreshCw aria-hidden className="size-3.5" />
            {t("common.refresh")}
          </Button>
        }
        flush
      >
        <PagedTable
          label={t("audit.events")}
          list={list}
          columns={useColumns(setOpen)}
          rowKey={({ id }) => id}
          empty={
            <Empty icon={ScrollText} title={t("audit.empty_title")}>
              {Object.keys(paramsOf(form)).length === 0 ? t("audit.empty") : t("audit.nothing_found")}
            </Empty>
          }
        />
      </Card>
      <EventDetails
        event={open}
        onClose={() => setOpen(null)}
        onSearch={(part) => {
          setOpen(null);
          setParams(part);
        }}
      />
    </>
  );
}

function useColumns(onOpen: (event: AuditEvent) => void): Column<AuditEvent>[] {
  const { t } = useTranslation();
  const actionName = useActionName();
  return [
    {
      id: "action",
      header: t("audit.action"),
      rowHeader: true,
      cell: ({ action, outcome }) => (
        <span className="flex items-center gap-2 whitespace-nowrap">
          {actionName(action)}
          {outcome === "done" ? null : <Badge tone="danger">{outcome === "refused" ? t("audit.refused") : outcome}</Badge>}
        </span>
      ),
    },
    { id: "target", header: t("audit.target"), cell: (event) => <Long text={whatOf(t, event)} /> },
    {
      id: "actor",
      header: t("audit.actor"),
      cell: (event) => (
        <span className="flex min-w-0 flex-col max-sm:items-end">
          <Long text={whoOf(t, event)} />
          {event.client.address ? <code className="font-mono text-xs text-ink-3">{event.client.address}</code> : null}
        </span>
      ),
    },
    {
      id: "at",
      header: t("audit.at"),
      cell: ({ at }) => <span className="whitespace-nowrap text-ink-2">{formatDateTime(at)}</span>,
    },
    {
      id: "details",
      header: <span className="sr-only">{t("audit.details")}</span>,
      numeric: true,
      cell: (event) => (
        <Button
          size="sm"
          aria-label={`${t("audit.details")}: ${actionName(event.action)}, ${whatOf(t, event)}, ${formatDateTime(event.at)}`}
          onPress={() => onOpen(event)}
        >
          {t("audit.details")}
        </Button>
      ),
    },
  ];
}

const Long = ({ text }: { text: string }) => (
  <span title={text} className="block max-w-64 truncate">
    {text}
  </span>
);
