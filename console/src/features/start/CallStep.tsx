import { useQuery } from "@tanstack/react-query";
import { CircleCheck, LoaderCircle } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { baseUrl } from "../../api/client";
import { usageTotalsQuery } from "../../api/queries";
import type { CreatedApiKey } from "../../api/types";
import { firstProgram, KEY_PLACEHOLDER, type Language } from "../../format/snippets";
import { hoursBefore, nextUtcHour } from "../../format/time";
import { formatMeter } from "../../format/units";
import { ButtonLink } from "../../ui/ButtonLink";
import { Segments } from "../../ui/Choices";
import { CodeBlock } from "../../ui/CodeBlock";
import { ProblemNotice } from "../../ui/States";
import { totalsByMeter } from "../usage/aggregate";
import { Step } from "./Step";

/** How often usage is looked at for the first call; it arrives within about ten seconds. */
const LOOK_MS = 2000;

interface CallStepProps {
  org: string;
  namespace: string | null;
  apiKey: CreatedApiKey | null;
}

export function CallStep({ org, namespace, apiKey }: CallStepProps) {
  const { t } = useTranslation();
  const [language, setLanguage] = useState<Language>("curl");
  const state = namespace === null || apiKey === null ? "later" : "now";
  const code = firstProgram(language, {
    baseUrl: baseUrl(),
    namespace: namespace ?? "",
    key: apiKey?.secret ?? KEY_PLACEHOLDER,
  });
  return (
    <Step number={3} title={t("start.call.title")} lead={t("start.call.lead")} state={state}>
      {apiKey && namespace !== null ? (
        <>
          <Segments
            label={t("start.call.language")}
            hideLabel
            value={language}
            onChange={setLanguage}
            choices={(["curl", "python", "typescript"] as const).map((id) => ({ id, label: t(`start.languages.${id}`) }))}
          />
          <CodeBlock
            code={code}
            label={t("start.call.code", { language: t(`start.languages.${language}`) })}
            copyLabel={t("start.call.copy")}
          />
          <FirstCall org={org} keyId={apiKey.id} namespace={namespace} />
        </>
      ) : null}
    </Step>
  );
}

/** Watches the usage of the key until its first call is metered. */
function FirstCall({ org, keyId, namespace }: { org: string; keyId: string; namespace: string }) {
  const { t } = useTranslation();
  const [since] = useState(() => new Date());
  const usage = useQuery({
    ...usageTotalsQuery(org, {
      from: hoursBefore(since, 1).toISOString(),
      to: hoursBefore(nextUtcHour(since), -24).toISOString(),
      keyId,
    }),
    refetchInterval: LOOK_MS,
  });
  const totals = totalsByMeter(usage.data ?? []);
  const queries = totals.get("query") ?? 0;
  const writes = totals.get("write") ?? 0;
  const seen = queries > 0 || writes > 0;
  return (
    <div className="flex flex-col gap-3">
      {usage.error ? <ProblemNotice error={usage.error} onRetry={() => void usage.refetch()} /> : null}
      <div role="status" data-testid="first-call" data-seen={seen} className="flex items-start gap-2.5">
        {seen ? (
          <CircleCheck aria-hidden className="mt-0.5 size-5 shrink-0 text-ok" />
        ) : (
          <LoaderCircle aria-hidden className="mt-0.5 size-5 shrink-0 animate-spin text-ink-3" />
        )}
        <div>
          <p className="font-medium">{seen ? t("start.call.seen") : t("start.call.waiting")}</p>
          <p className="text-ink-2">
            {seen
              ? t("start.call.seen_lead", { queries: formatMeter("query", queries), writes: formatMeter("write", writes) })
              : t("start.call.slow")}
          </p>
        </div>
      </div>
      <div className="flex flex-wrap gap-2">
        <ButtonLink look={seen ? "primary" : "secondary"} to={`/orgs/${org}/data?ns=${encodeURIComponent(namespace)}`}>
          {seen ? t("overview.open_playground") : t("start.call.skip")}
        </ButtonLink>
        {seen ? <ButtonLink to={`/orgs/${org}/usage`}>{t("overview.see_usage")}</ButtonLink> : null}
      </div>
    </div>
  );
}
