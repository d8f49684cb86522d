import { TriangleAlert } from "lucide-react";
import { useTranslation } from "react-i18next";
import { CopyButton } from "../../ui/CopyButton";

/** A secret in the one moment when it can be seen. */
export function SecretOnce({ secret, label }: { secret: string; label: string }) {
  const { t } = useTranslation();
  return (
    <div className="flex flex-col gap-2">
      <div className="flex flex-wrap items-center gap-2 rounded-lg border border-line bg-sunken p-2 pl-3">
        <code data-testid="api-key-secret" aria-label={label} role="group" className="min-w-0 flex-1 font-mono text-xs break-all">
          {secret}
        </code>
        <CopyButton text={secret} label={t("start.key.copy")} wide />
      </div>
      <p className="flex items-start gap-1.5 text-sm text-warn">
        <TriangleAlert aria-hidden className="mt-0.5 size-4 shrink-0" />
        {t("start.key.once")}
      </p>
    </div>
  );
}
