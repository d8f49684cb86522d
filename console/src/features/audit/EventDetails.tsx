import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { AuditEvent } from "../../api/types";
import { formatDateTime } from "../../format/time";
import { Button } from "../../ui/Button";
import { CopyButton } from "../../ui/CopyButton";
import { Dialog, DialogActions } from "../../ui/Dialog";
import { Badge, Fact } from "../../ui/Layout";
import { type Column, Table } from "../../ui/Table";
import { type Change, changesOf } from "./changes";
import { useActionName, whatOf, whoOf } from "./eventText";

interface EventDetailsProps {
  /** The dialog is open while it is set. */
  event: AuditEvent | null;
  onClose: () => void;
  /** Looks for all events of this actor or this target. */
  onSearch: (part: { actor: string } | { target: string }) => void;
}

/** All that the log has of one event. */
export function EventDetails({ event, onClose, onSearch }: EventDetailsProps) {
  const actionName = useActionName();
  return (
    <Dialog title={event ? actionName(event.action) : ""} isOpen={event !== null} onClose={onClose} wide>
      {event ? <Body event={event} onClose={onClose} onSearch={onSearch} /> : null}
    </Dialog>
  );
}

function Body({ event, onClose, onSearch }: EventDetailsProps & { event: AuditEvent }) {
  const { t } = useTranslation();
  const { actor, target, client } = event;
  const changes = changesOf(event.details);
  return (
    <>
      <dl className="grid gap-4 text-sm sm:grid-cols-2">
        <Fact label={t("audit.at")} value={formatDateTime(event.at)} hint={<code className="font-mono">{event.at}</code>} />
        <Fact
          label={t("audit.outcome")}
          value={event.outcome === "done" ? t("audit.done") : <Badge tone="danger">{event.outcome === "refused" ? t("audit.refused") : event.outcome}</Badge>}
          hint={event.code ? <code className="font-mono">{event.code}</code> : null}
        />
        <Fact label={t("audit.actor")} value={whoOf(t, event)} hint={<Id id={actor.id ?? null} />} />
        <Fact label={t("audit.target")} value={whatOf(t, event)} hint={<Id id={target.id ?? null} />} />
        <Fact label={t("audit.address")} value={client.address ?? t("common.not_known")} />
        <Fact label={t("audit.request")} value={event.request_id ? <Id id={event.request_id} /> : t("common.not_known")} />
        <Fact label={t("audit.user_agent")} value={<span className="text-xs break-words">{client.user_agent ?? t("common.not_known")}</span>} />
      </dl>
      {event.left_out > 0 ? <p className="text-sm text-warn">{t("audit.left_out", { count: event.left_out })}</p> : null}
      {changes.length === 0 ? null : <Changes changes={changes} />}
      <DialogActions>
        {actor.id ? <Button onPress={() => onSearch({ actor: actor.id ?? "" })}>{t("audit.same_actor")}</Button> : null}
        {target.id ? <Button onPress={() => onSearch({ target: target.id ?? "" })}>{t("audit.same_target")}</Button> : null}
        <Button look="primary" onPress={onClose}>
          {t("common.close")}
        </Button>
      </DialogActions>
    </>
  );
}

function Id({ id }: { id: string | null }): ReactNode {
  const { t } = useTranslation();
  if (id === null) return null;
  return (
    <span className="inline-flex items-center gap-1">
      <code className="font-mono text-xs break-all">{id}</code>
      <CopyButton text={id} label={t("audit.copy_id", { id })} />
    </span>
  );
}

function Changes({ changes }: { changes: Change[] }) {
  const { t } = useTranslation();
  const value = (text: string | null, omitted: boolean) =>
    omitted ? <span className="text-ink-3">{t("audit.omitted")}</span> : <span className="wrap-anywhere">{text ?? "–"}</span>;
  const columns: Column<Change>[] = [
    {
      id: "field",
      header: t("audit.field"),
      rowHeader: true,
      cell: ({ field }) => t(`audit.fields.${field}` as "audit.fields.name", { defaultValue: field.replaceAll("_", " ") }),
    },
    { id: "from", header: t("audit.was"), cell: ({ from, omitted }) => value(from, omitted) },
    { id: "to", header: t("audit.became"), cell: ({ to, omitted }) => value(to, omitted) },
  ];
  return (
    <div className="rounded-lg border border-line">
      <Table label={t("audit.changes")} columns={columns} rows={changes} rowKey={({ field }) => field} />
    </div>
  );
}
