import { useTranslation } from "react-i18next";
import { useRouteError } from "react-router";
import { Button } from "../ui/Button";

/** The last resort, when drawing a page failed. */
export function Crashed() {
  const { t } = useTranslation();
  const error = useRouteError();
  return (
    <main className="mx-auto flex max-w-xl flex-col items-start gap-3 px-4 pt-16">
      <h1 className="text-xl">{t("common.crashed_title")}</h1>
      <p className="text-ink-2">{t("common.crashed_lead")}</p>
      <pre className="w-full overflow-auto rounded-lg border border-line bg-sunken p-3 font-mono text-xs">
        {error instanceof Error ? `${error.name}: ${error.message}` : String(error)}
      </pre>
      <Button look="primary" onPress={() => window.location.reload()}>
        {t("common.reload")}
      </Button>
    </main>
  );
}
