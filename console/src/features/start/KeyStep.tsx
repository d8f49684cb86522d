import { useTranslation } from "react-i18next";
import type { CreatedApiKey } from "../../api/types";
import { Button } from "../../ui/Button";
import { ProblemNotice } from "../../ui/States";
import { SecretOnce } from "../keys/SecretOnce";
import { useCreateKey } from "../keys/useCreateKey";
import { Step } from "./Step";

interface KeyStepProps {
  org: string;
  namespace: string | null;
  made: CreatedApiKey | null;
  onMade: (key: CreatedApiKey) => void;
}

/** A key for the chosen namespace alone. */
export function KeyStep({ org, namespace, made, onMade }: KeyStepProps) {
  const { t } = useTranslation();
  const create = useCreateKey(org, onMade);
  const state = namespace === null ? "later" : made ? "done" : "now";
  return (
    <Step
      number={2}
      title={t("start.key.title")}
      lead={t("start.key.lead", { namespace: namespace ?? "…" })}
      state={state}
      outcome={t("start.key.made", { name: made?.name ?? "" })}
    >
      {made?.secret ? (
        <SecretOnce secret={made.secret} label={t("start.key.secret")} />
      ) : (
        <>
          <div>
            <Button
              look="primary"
              size="lg"
              isPending={create.isPending}
              onPress={() => {
                if (namespace !== null) {
                  create.mutate({ name: `${namespace} first key`, namespaces: namespace, scopes: ["read", "write"] });
                }
              }}
            >
              {t("start.key.submit")}
            </Button>
          </div>
          {create.error ? <ProblemNotice error={create.error} /> : null}
        </>
      )}
    </Step>
  );
}
