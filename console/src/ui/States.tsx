import { CircleAlert, Info, type LucideIcon } from "lucide-react";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { useLocation, useParams } from "react-router";
import type { AllItems } from "../api/pages";
import { codePage, toProblem, wayOut, type Problem, type WayOut } from "../api/problem";
import { formatNumber } from "../format/units";
import { Button } from "./Button";
import { ButtonLink } from "./ButtonLink";
import { CopyButton } from "./CopyButton";
import { cx } from "./classes";

interface EmptyProps {
  icon: LucideIcon;
  title: string;
  children: ReactNode;
  action?: ReactNode;
}

/** Nothing here yet: says what belongs here and how to get it. */
export function Empty({ icon: Icon, title, children, action }: EmptyProps) {
  return (
    <div className="flex flex-col items-center gap-2 px-6 py-10 text-center">
      <span className="flex size-10 items-center justify-center rounded-full bg-accent-soft text-accent">
        <Icon aria-hidden className="size-5" />
      </span>
      <h3 className="text-base">{title}</h3>
      <div className="max-w-md text-ink-2">{children}</div>
      {action ? <div className="mt-2 flex flex-wrap justify-center gap-2">{action}</div> : null}
    </div>
  );
}

/** Grey bars where content will stand. */
export function Loading({ rows = 3, className }: { rows?: number; className?: string }) {
  const { t } = useTranslation();
  return (
    <div role="status" className={cx("flex flex-col gap-3 p-4", className)}>
      <span className="sr-only">{t("common.loading")}</span>
      {Array.from({ length: rows }, (_, row) => (
        <div key={row} aria-hidden className={cx("h-4 animate-pulse rounded bg-sunken", row % 3 === 2 ? "w-2/3" : "w-full")} />
      ))}
    </div>
  );
}

/** Something to know about what stands below: nothing has failed. */
export const Notice = ({ children, className }: { children: ReactNode; className?: string }) => (
  <div role="status" className={cx("flex gap-3 rounded-lg border border-line bg-warn-soft p-3", className)}>
    <Info aria-hidden className="mt-0.5 size-4 shrink-0 text-warn" />
    <p className="min-w-0 flex-1">{children}</p>
  </div>
);

/** Says that a list goes on where the console stopped reading it; nothing for a whole one. */
export function ListCut({ list, className }: { list: AllItems<unknown>; className?: string }) {
  const { t } = useTranslation();
  if (list.complete) return null;
  return <Notice {...(className ? { className } : {})}>{t("common.list_cut", { shown: formatNumber(list.items.length) })}</Notice>;
}

function Out({ way, onRetry }: { way: WayOut; onRetry: (() => void) | undefined }) {
  const { t } = useTranslation();
  const { pathname, search } = useLocation();
  const { org } = useParams();
  if (way === "log_in") {
    return (
      <ButtonLink size="sm" to={`/login?next=${encodeURIComponent(pathname + search)}`}>
        {t("problem.go.log_in")}
      </ButtonLink>
    );
  }
  if ((way === "upgrade" || way === "budget" || way === "limit") && org) {
    return (
      <ButtonLink size="sm" to={`/orgs/${org}/plan`}>
        {t("problem.go.plan")}
      </ButtonLink>
    );
  }
  if (way === "fix_input" || way === "other_link" || !onRetry) return null;
  return (
    <Button size="sm" onPress={onRetry}>
      {t("problem.go.retry")}
    </Button>
  );
}

function ProblemCode({ problem }: { problem: Problem }) {
  const { t } = useTranslation();
  const page = codePage(problem);
  if (page === null) return <code className="font-mono">{problem.code}</code>;
  return (
    <a href={page} target="_blank" rel="noreferrer" title={t("problem.about_code", { code: problem.code })} className="font-mono underline underline-offset-2">
      {problem.code}
    </a>
  );
}

interface ProblemNoticeProps {
  error: unknown;
  onRetry?: () => void;
  className?: string;
}

/** The fields that a problem names, unless its detail has said it already. */
function fieldLines(problem: Problem): string[] {
  return problem.errors
    .map(({ pointer, detail, code }) => `${pointer}${pointer ? ": " : ""}${detail || code}`)
    .filter((line) => !problem.detail.includes(line));
}

/** What went wrong, what to do now, and the id to quote when asking for help. */
export function ProblemNotice({ error, onRetry, className }: ProblemNoticeProps) {
  const { t } = useTranslation();
  const problem = toProblem(error);
  const way = wayOut(problem);
  const advice =
    way === "wait" && problem.retryAfter !== null
      ? t("problem.advice.wait_for", { count: problem.retryAfter })
      : t(`problem.advice.${way}`);
  return (
    <div role="alert" className={cx("flex gap-3 rounded-lg border border-danger/40 bg-danger-soft p-3", className)}>
      <CircleAlert aria-hidden className="mt-0.5 size-4 shrink-0 text-danger" />
      <div className="flex min-w-0 flex-1 flex-col gap-1">
        <p className="font-medium">{problem.title}</p>
        {problem.detail && problem.detail !== problem.title ? <p className="break-words text-ink-2">{problem.detail}</p> : null}
        {fieldLines(problem).map((line) => (
          <p key={line} className="font-mono text-xs break-words text-ink-2">
            {line}
          </p>
        ))}
        <p className="text-ink-2">{advice}</p>
        <div className="mt-1 flex flex-wrap items-center gap-x-3 gap-y-1.5 text-xs text-ink-2">
          <ProblemCode problem={problem} />
          {problem.requestId ? (
            <span className="inline-flex items-center gap-1">
              {t("problem.request")} <code className="font-mono break-all">{problem.requestId}</code>
              <CopyButton text={problem.requestId} label={t("problem.copy_request")} />
            </span>
          ) : null}
          <Out way={way} onRetry={onRetry} />
        </div>
      </div>
    </div>
  );
}
