import { type SyntheticEvent, useState } from "react";
import { Form } from "react-aria-components";
import { useTranslation } from "react-i18next";
import type { Namespace } from "../../api/types";
import { Button } from "../../ui/Button";
import { TextField } from "../../ui/Fields";
import { ProblemNotice } from "../../ui/States";
import { isName } from "../namespaces/naming";
import { useCreateNamespace } from "../namespaces/useCreateNamespace";
import { Step } from "./Step";

interface NamespaceStepProps {
  org: string;
  existing: Namespace[];
  chosen: string | null;
  isReady: boolean;
  onChosen: (name: string) => void;
}

export function NamespaceStep({ org, existing, chosen, isReady, onChosen }: NamespaceStepProps) {
  const { t } = useTranslation();
  const [name, setName] = useState("my-agent");
  const create = useCreateNamespace(org, onChosen);
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    create.mutate(name);
  };
  return (
    <Step
      number={1}
      title={t("start.namespace.title")}
      lead={t("start.namespace.lead")}
      state={isReady ? "done" : "now"}
      outcome={t("start.namespace.ready", { name: chosen ?? "" })}
    >
      {isReady ? null : chosen !== null ? (
        <p role="status" className="text-ink-2">
          {t("start.namespace.waiting")}
        </p>
      ) : (
        <>
          <Form onSubmit={submit} className="flex flex-wrap items-start gap-3">
            <TextField
              label={t("start.namespace.name")}
              hint={t("start.namespace.hint")}
              name="namespace"
              className="min-w-56 flex-1"
              mono
              isRequired
              autoComplete="off"
              value={name}
              onChange={setName}
              validate={(value) => (value === "" || isName(value) ? null : t("namespaces.name_rule"))}
            />
            <Button type="submit" look="primary" size="lg" className="sm:mt-[1.625rem]" isPending={create.isPending}>
              {t("start.namespace.submit")}
            </Button>
          </Form>
          {create.error ? <ProblemNotice error={create.error} /> : null}
          {existing.length > 0 ? (
            <div className="flex flex-wrap items-center gap-2 text-sm text-ink-2">
              {t("start.namespace.use_existing")}
              {existing.slice(0, 5).map((one) => (
                <Button key={one.id} size="sm" onPress={() => onChosen(one.name)}>
                  {one.name}
                </Button>
              ))}
            </div>
          ) : null}
        </>
      )}
    </Step>
  );
}
