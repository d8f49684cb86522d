import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useNavigate } from "react-router";
import { control, dataTokens, need } from "../../api/client";
import { isStatus } from "../../api/problem";
import { sessionsQuery } from "../../api/queries";
import type { OpenSession } from "../../api/types";
import { formatDateTime } from "../../format/time";
import { Button } from "../../ui/Button";
import { Dialog, DialogActions } from "../../ui/Dialog";
import { Badge, Card } from "../../ui/Layout";
import { Loading, ProblemNotice } from "../../ui/States";
import { sessionEnded } from "../auth/session";
import { browserName } from "./browserName";

/** The browsers in which the person is signed in. The service keeps a bounded number, so they come all at once. */
export function Sessions() {
  const { t } = useTranslation();
  const queryClient = useQueryClient();
  const sessions = useQuery(sessionsQuery);
  const [asking, setAsking] = useState<OpenSession | "others" | null>(null);
  const look = () => queryClient.invalidateQueries({ queryKey: sessionsQuery.queryKey });
  const others = sessions.data?.some(({ current }) => !current) ?? false;
  return (
    <Card
      title={t("account.sessions.title")}
      hint={t("account.sessions.hint")}
      actions={
        others ? (
          <Button size="sm" onPress={() => setAsking("others")}>
            {t("account.sessions.end_others")}
          </Button>
        ) : null
      }
      flush
    >
      {sessions.data ? (
        <SessionList sessions={sessions.data} onEnd={setAsking} />
      ) : sessions.error ? null : (
        <Loading />
      )}
      {sessions.error ? <ProblemNotice error={sessions.error} onRetry={() => void sessions.refetch()} className="m-4" /> : null}
      <EndSession asked={asking} onEnded={look} onClose={() => setAsking(null)} />
    </Card>
  );
}

/** The name of a session's browser, for people. */
function useBrowserLabel() {
  const { t } = useTranslation();
  return ({ browser }: OpenSession): string => {
    const known = browser ? browserName(browser) : null;
    if (known?.system) return t("account.sessions.on", { browser: known.browser, system: known.system });
    return known?.browser ?? browser ?? t("account.sessions.unknown");
  };
}

function SessionList({ sessions, onEnd }: { sessions: OpenSession[]; onEnd: (session: OpenSession) => void }) {
  const { t } = useTranslation();
  const label = useBrowserLabel();
  return (
    <ul aria-label={t("account.sessions.title")} className="divide-y divide-line">
      {sessions.map((session) => (
        <li key={session.id} className="flex flex-wrap items-center justify-between gap-x-4 gap-y-2 px-4 py-3 text-sm">
          <div className="flex min-w-0 flex-col gap-0.5">
            <span className="flex flex-wrap items-center gap-2">
              <span title={session.browser ?? ""} className="max-w-72 truncate font-medium">
                {label(session)}
              </span>
              {session.current ? <Badge tone="ok">{t("account.sessions.current")}</Badge> : null}
            </span>
            <span className="text-xs text-ink-2">
              {t("account.sessions.seen", {
                time: formatDateTime(session.last_seen_at),
                address: session.last_address ?? t("account.sessions.no_address"),
              })}
            </span>
            <span className="text-xs text-ink-3">
              {t("account.sessions.since", { time: formatDateTime(session.created_at), end: formatDateTime(session.expires_at) })}
            </span>
          </div>
          <Button
            size="sm"
            aria-label={t("account.sessions.end_which", { browser: label(session), time: formatDateTime(session.created_at) })}
            onPress={() => onEnd(session)}
          >
            {t("account.sessions.end")}
          </Button>
        </li>
      ))}
    </ul>
  );
}

interface EndSessionProps {
  asked: OpenSession | "others" | null;
  onEnded: () => Promise<void>;
  onClose: () => void;
}

/** Ends one session or all others. With one's own the console is left. */
function EndSession({ asked, onEnded, onClose }: EndSessionProps) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const queryClient = useQueryClient();
  const label = useBrowserLabel();
  const end = useMutation({
    mutationFn: async (which: OpenSession | "others") => {
      if (which === "others") {
        await need(control.DELETE("/v1/me/sessions"));
        return;
      }
      try {
        await need(control.DELETE("/v1/me/sessions/{session}", { params: { path: { session: which.id } } }));
      } catch (error) {
        // It has ended already, which is what was asked for.
        if (!isStatus(error, 404)) throw error;
      }
    },
    onSuccess: async (_, which) => {
      // All data tokens of the person end with it.
      dataTokens.clear();
      if (which !== "others" && which.current) {
        await navigate("/login");
        sessionEnded(queryClient);
        return;
      }
      await onEnded();
      onClose();
    },
  });
  const close = () => {
    end.reset();
    onClose();
  };
  const mine = asked !== null && asked !== "others" && asked.current;
  return (
    <Dialog
      title={asked === "others" ? t("account.sessions.end_others_title") : t("account.sessions.end_title")}
      isOpen={asked !== null}
      onClose={close}
    >
      <p className="text-ink-2">
        {asked === "others" || asked === null
          ? t("account.sessions.end_others_lead")
          : mine
            ? t("account.sessions.end_own_lead")
            : t("account.sessions.end_lead", { browser: label(asked) })}
      </p>
      {end.error ? <ProblemNotice error={end.error} /> : null}
      <DialogActions>
        <Button onPress={close}>{t("common.cancel")}</Button>
        <Button
          look="danger"
          isPending={end.isPending}
          onPress={() => {
            if (asked !== null) end.mutate(asked);
          }}
        >
          {asked === "others" ? t("account.sessions.end_others") : t("account.sessions.end")}
        </Button>
      </DialogActions>
    </Dialog>
  );
}
