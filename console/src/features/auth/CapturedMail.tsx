import { useId } from "react";
import { useTranslation } from "react-i18next";
import { buttonClass } from "../../ui/Button";
import { CopyButton } from "../../ui/CopyButton";

interface CapturedMailProps {
  message: { subject: string; path: string } | null;
  openLabel: string;
  /** The link is for somebody else: it is given to copy, not to open. */
  forSomebodyElse?: boolean;
}

/** A mail that was kept here instead of sent. */
export function CapturedMail({ message, openLabel, forSomebodyElse }: CapturedMailProps) {
  const { t } = useTranslation();
  const id = useId();
  return (
    <section className="flex flex-col gap-3 rounded-lg border border-line bg-sunken p-4" aria-labelledby={id}>
      <div className="flex flex-col gap-0.5">
        <h2 id={id} className="text-base">
          {t("auth.sent.captured_title")}
        </h2>
        <p className="text-xs text-ink-3">{t("auth.sent.captured_hint")}</p>
      </div>
      {message ? (
        <>
          <p className="text-sm font-medium">{message.subject}</p>
          {forSomebodyElse ? (
            <div className="flex flex-wrap items-center gap-2">
              <code data-testid="captured-link" className="min-w-0 flex-1 font-mono text-xs break-all">
                {window.location.origin + message.path}
              </code>
              <CopyButton text={window.location.origin + message.path} label={openLabel} wide />
            </div>
          ) : (
            <a href={message.path} className={buttonClass("primary", "lg")}>
              {openLabel}
            </a>
          )}
        </>
      ) : (
        <p role="status" className="text-sm text-ink-2">
          {t("auth.sent.captured_waiting")}
        </p>
      )}
    </section>
  );
}
