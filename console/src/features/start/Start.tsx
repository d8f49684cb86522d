import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { namespacesQuery } from "../../api/queries";
import type { CreatedApiKey } from "../../api/types";
import { useOrg } from "../../layout/useOrg";
import { Page } from "../../ui/Layout";
import { Loading, Notice, ProblemNotice } from "../../ui/States";
import { CallStep } from "./CallStep";
import { KeyStep } from "./KeyStep";
import { NamespaceStep } from "./NamespaceStep";

/** While the namespace is being placed on a node. */
const PLACING_MS = 500;

/** From nothing to a first answer: namespace, key, call. */
export function Start() {
  const { t } = useTranslation();
  const { org, can } = useOrg();
  const [chosen, setChosen] = useState<string | null>(null);
  const [key, setKey] = useState<CreatedApiKey | null>(null);
  const namespaces = useQuery({
    ...namespacesQuery(org),
    refetchInterval: ({ state }) => (state.data?.items.some(({ status }) => status === "creating") ? PLACING_MS : false),
  });
  const namespace = namespaces.data?.items.find(({ name }) => name === chosen);
  const ready = namespace?.status === "ready" ? namespace : null;
  return (
    <Page title={t("start.title")} lead={t("start.lead")} narrow>
      {!can("ManageNamespaces") || !can("ManageApiKeys") ? (
        <Notice>{t("start.not_yours")}</Notice>
      ) : namespaces.error ? (
        <ProblemNotice error={namespaces.error} onRetry={() => void namespaces.refetch()} />
      ) : !namespaces.data ? (
        <Loading />
      ) : (
        <ol className="flex flex-col gap-4">
          <NamespaceStep
            org={org}
            existing={namespaces.data.items.filter(({ status }) => status === "ready")}
            chosen={chosen}
            isReady={ready !== null}
            onChosen={setChosen}
          />
          <KeyStep org={org} namespace={ready?.name ?? null} made={key} onMade={setKey} />
          <CallStep org={org} namespace={ready?.name ?? null} apiKey={key} />
        </ol>
      )}
    </Page>
  );
}
