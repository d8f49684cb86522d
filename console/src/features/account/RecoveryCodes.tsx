import { TriangleAlert } from "lucide-react";
import { useTranslation } from "react-i18next";
import { Button } from "../../ui/Button";
import { CopyButton } from "../../ui/CopyButton";

/** Recovery codes in the one moment when they can be seen. */
export function RecoveryCodes({ codes, onDone }: { codes: readonly string[]; onDone: () => void }) {
  const { t } = useTranslation();
  return (
    <div className="flex flex-col gap-3">
      <p className="flex items-start gap-1.5 text-sm text-warn">
        <TriangleAlert aria-hidden className="mt-0.5 size-4 shrink-0" />
        {t("account.factor.codes_once")}
      </p>
      <ul
        aria-label={t("account.factor.codes")}
        data-testid="recovery-codes"
        className="grid gap-x-6 gap-y-1 rounded-lg border border-line bg-sunken p-3 font-mono text-sm sm:grid-cols-2"
      >
        {codes.map((code) => (
          <li key={code}>{code}</li>
        ))}
      </ul>
      <div className="flex flex-wrap gap-2">
        <CopyButton text={codes.join("\n")} label={t("account.factor.codes_copy")} wide />
        <Button look="primary" size="sm" onPress={onDone}>
          {t("account.factor.codes_kept")}
        </Button>
      </div>
    </div>
  );
}
