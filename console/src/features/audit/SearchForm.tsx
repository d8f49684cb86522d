import { type SyntheticEvent, useState } from "react";
import { Form } from "react-aria-components";
import { useTranslation } from "react-i18next";
import { Button } from "../../ui/Button";
import { type Choice, Select } from "../../ui/Choices";
import { TextField } from "../../ui/Fields";
import { Card } from "../../ui/Layout";
import { useActionName } from "./eventText";
import { ACTIONS, type AuditForm, EVERYTHING, KINDS } from "./search";

interface SearchFormProps {
  initial: AuditForm;
  isPending: boolean;
  onSearch: (form: AuditForm) => void;
}

/** A choice needs a name; nothing chosen is this one. */
const ANY = "any";

function useActions(): Choice<string>[] {
  const { t } = useTranslation();
  const actionName = useActionName();
  return [
    { id: ANY, label: t("audit.any") },
    ...KINDS.flatMap((kind) => [
      { id: `${kind}.*`, label: t("audit.all_of", { kind: t(`audit.kinds.${kind}`) }) },
      ...ACTIONS[kind].map((action) => ({ id: action, label: actionName(action) })),
    ]),
  ];
}

export function SearchForm({ initial, isPending, onSearch }: SearchFormProps) {
  const { t } = useTranslation();
  const [form, setForm] = useState(initial);
  const actions = useActions();
  const set = (field: keyof AuditForm) => (text: string) => setForm((before) => ({ ...before, [field]: text }));
  const choose = (field: keyof AuditForm) => (id: string) => set(field)(id === ANY ? "" : id);
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    onSearch(form);
  };
  const outOfOrder = form.from !== "" && form.to !== "" && form.from >= form.to;
  return (
    <Card>
      <Form onSubmit={submit} className="flex flex-col gap-4" aria-label={t("audit.search")}>
        <div className="grid gap-4 sm:grid-cols-2 lg:grid-cols-3">
          <TextField label={t("audit.actor")} hint={t("audit.actor_hint")} name="actor" autoComplete="off" maxLength={254} value={form.actor} onChange={set("actor")} />
          <TextField label={t("audit.target")} hint={t("audit.target_hint")} name="target" autoComplete="off" maxLength={254} value={form.target} onChange={set("target")} />
          <Select label={t("audit.action")} value={form.action || ANY} onChange={choose("action")} choices={actions} />
          <TextField label={t("audit.from")} hint={t("audit.local_time")} name="from" type="datetime-local" value={form.from} onChange={set("from")} />
          <TextField
            label={t("audit.to")}
            name="to"
            type="datetime-local"
            value={form.to}
            onChange={set("to")}
            {...(outOfOrder ? { isInvalid: true, hint: <span className="text-danger">{t("audit.out_of_order")}</span> } : { hint: t("audit.local_time") })}
          />
          <Select
            label={t("audit.outcome")}
            value={form.outcome || ANY}
            onChange={choose("outcome")}
            choices={[
              { id: ANY, label: t("audit.any") },
              { id: "done", label: t("audit.done") },
              { id: "refused", label: t("audit.refused") },
            ]}
          />
        </div>
        <div className="flex flex-wrap gap-2">
          <Button type="submit" look="primary" isDisabled={outOfOrder} isPending={isPending}>
            {t("audit.search")}
          </Button>
          <Button
            onPress={() => {
              setForm(EVERYTHING);
              onSearch(EVERYTHING);
            }}
          >
            {t("audit.clear")}
          </Button>
        </div>
      </Form>
    </Card>
  );
}
