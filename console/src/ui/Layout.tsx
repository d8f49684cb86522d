import { type ReactNode, useEffect, useRef } from "react";
import { useTranslation } from "react-i18next";
import { cx } from "./classes";

interface PageProps {
  title: string;
  lead?: ReactNode;
  actions?: ReactNode;
  children: ReactNode;
  narrow?: boolean;
}

/** A page: its heading takes the focus when it is reached, so that a screen reader says where one is. */
export function Page({ title, lead, actions, children, narrow }: PageProps) {
  const { t } = useTranslation();
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    document.title = `${title} · ${t("common.product")}`;
  }, [title, t]);
  useEffect(() => {
    heading.current?.focus({ preventScroll: true });
  }, []);
  return (
    <div className={cx("mx-auto flex w-full flex-col gap-6 px-4 py-6 sm:px-8 sm:py-8", narrow ? "max-w-3xl" : "max-w-6xl")}>
      <header className="flex flex-wrap items-start justify-between gap-x-6 gap-y-3">
        <div className="flex min-w-0 flex-col gap-1">
          <h1 ref={heading} tabIndex={-1} className="text-xl">
            {title}
          </h1>
          {lead ? <p className="max-w-2xl text-ink-2">{lead}</p> : null}
        </div>
        {actions ? <div className="flex flex-wrap gap-2">{actions}</div> : null}
      </header>
      {children}
    </div>
  );
}

interface CardProps {
  title?: string;
  hint?: ReactNode;
  actions?: ReactNode;
  children: ReactNode;
  flush?: boolean;
  className?: string;
}

export function Card({ title, hint, actions, children, flush, className }: CardProps) {
  return (
    <section className={cx("min-w-0 rounded-lg border border-line bg-surface shadow-card", className)}>
      {title ? (
        <div className="flex flex-wrap items-center justify-between gap-x-4 gap-y-2 border-b border-line px-4 py-3">
          <div className="flex min-w-0 flex-col">
            <h2 className="text-base">{title}</h2>
            {hint ? <p className="text-xs text-ink-3">{hint}</p> : null}
          </div>
          {actions}
        </div>
      ) : null}
      <div className={flush ? "" : "p-4"}>{children}</div>
    </section>
  );
}

const TONES = {
  neutral: "bg-sunken text-ink-2",
  accent: "bg-accent-soft text-accent",
  ok: "bg-ok-soft text-ok",
  warn: "bg-warn-soft text-warn",
  danger: "bg-danger-soft text-danger",
};

export const Badge = ({ tone = "neutral", children }: { tone?: keyof typeof TONES; children: ReactNode }) => (
  <span className={cx("inline-flex items-center rounded px-1.5 py-0.5 text-xs font-medium whitespace-nowrap", TONES[tone])}>
    {children}
  </span>
);

interface FactProps {
  label: string;
  value: ReactNode;
  hint?: ReactNode;
}

export const Fact = ({ label, value, hint }: FactProps) => (
  <div className="flex min-w-0 flex-col gap-0.5">
    <dt className="text-xs text-ink-3">{label}</dt>
    <dd className="tabular min-w-0 break-words">{value}</dd>
    {hint ? <dd className="text-xs text-ink-3">{hint}</dd> : null}
  </div>
);
