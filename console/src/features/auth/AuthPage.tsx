import { type ReactNode, useEffect, useRef } from "react";
import { useTranslation } from "react-i18next";

/** The heading of a page before the log-in; it takes the focus when the page changes. */
export function AuthPage({ title, lead, children }: { title: string; lead?: ReactNode; children: ReactNode }) {
  const { t } = useTranslation();
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    document.title = `${title} · ${t("common.product")}`;
    heading.current?.focus({ preventScroll: true });
  }, [title, t]);
  return (
    <div className="flex flex-col gap-5">
      <div className="flex flex-col gap-1">
        <h1 ref={heading} tabIndex={-1} className="text-xl">
          {title}
        </h1>
        {lead ? <p className="text-ink-2">{lead}</p> : null}
      </div>
      {children}
    </div>
  );
}
