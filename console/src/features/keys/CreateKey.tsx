import { type SyntheticEvent, useState } from "react";
import { Form } from "react-aria-components";
import { useTranslation } from "react-i18next";
import { fieldErrors, toProblem } from "../../api/problem";
import type { CreatedApiKey, Scope } from "../../api/types";
import { Button } from "../../ui/Button";
import { Checks, Select } from "../../ui/Choices";
import { Dialog, DialogActions } from "../../ui/Dialog";
import { TextField } from "../../ui/Fields";
import { ProblemNotice } from "../../ui/States";
import { SecretOnce } from "./SecretOnce";
import { useCreateKey } from "./useCreateKey";

interface CreateKeyProps {
  org: string;
  isOpen: boolean;
  onClose: () => void;
}

/** Asks for a key's reach, then shows its secret once; only the button closes that second part. */
export function CreateKey({ org, isOpen, onClose }: CreateKeyProps) {
  const { t } = useTranslation();
  const [made, setMade] = useState<CreatedApiKey | null>(null);
  const close = () => {
    setMade(null);
    onClose();
  };
  return (
    <Dialog
      title={made ? t("keys.made_title") : t("keys.create")}
      isOpen={isOpen}
      onClose={close}
      dismissable={made === null}
    >
      {made ? (
        <>
          {made.secret ? <SecretOnce secret={made.secret} label={t("keys.secret", { name: made.name })} /> : null}
          <DialogActions>
            <Button look="primary" onPress={close} autoFocus>
              {t("keys.copied_it")}
            </Button>
          </DialogActions>
        </>
      ) : (
        <KeyForm org={org} onMade={setMade} onClose={close} />
      )}
    </Dialog>
  );
}

const EXPIRY_DAYS = { never: null, d30: 30, d90: 90, d365: 365 } as const;
type Expiry = keyof typeof EXPIRY_DAYS;

function expiresAt(expiry: Expiry): string | null {
  const days = EXPIRY_DAYS[expiry];
  return days === null ? null : new Date(Date.now() + days * 86_400_000).toISOString();
}

interface KeyFormProps {
  org: string;
  onMade: (key: CreatedApiKey) => void;
  onClose: () => void;
}

function KeyForm({ org, onMade, onClose }: KeyFormProps) {
  const { t } = useTranslation();
  const [name, setName] = useState("");
  const [pattern, setPattern] = useState("*");
  const [scopes, setScopes] = useState<Scope[]>(["read", "write"]);
  const [expiry, setExpiry] = useState<Expiry>("never");
  const create = useCreateKey(org, onMade);
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    const until = expiresAt(expiry);
    create.mutate({ name, namespaces: pattern, scopes, ...(until ? { expires_at: until } : {}) });
  };
  return (
    <Form
      onSubmit={submit}
      validationErrors={fieldErrors(create.error ? toProblem(create.error) : null)}
      className="flex flex-col gap-4"
    >
      <TextField
        autoFocus
        label={t("keys.name")}
        hint={t("keys.name_hint")}
        name="name"
        isRequired
        maxLength={100}
        autoComplete="off"
        value={name}
        onChange={setName}
      />
      <TextField
        label={t("keys.namespaces")}
        hint={t("keys.namespaces_hint")}
        name="namespaces"
        mono
        isRequired
        autoComplete="off"
        value={pattern}
        onChange={setPattern}
      />
      <Checks
        label={t("keys.scopes")}
        name="scopes"
        value={scopes}
        onChange={setScopes}
        choices={(["read", "write", "admin"] as const).map((id) => ({
          id,
          label: t(`keys.scope.${id}`),
          hint: t(`keys.scope.${id}_hint`),
        }))}
      />
      <Select
        label={t("keys.expiry")}
        value={expiry}
        onChange={setExpiry}
        choices={(["never", "d30", "d90", "d365"] as const).map((id) => ({ id, label: t(`keys.expiries.${id}`) }))}
      />
      {create.error ? <ProblemNotice error={create.error} /> : null}
      <DialogActions>
        <Button onPress={onClose}>{t("common.cancel")}</Button>
        <Button type="submit" look="primary" isDisabled={scopes.length === 0} isPending={create.isPending}>
          {t("keys.create")}
        </Button>
      </DialogActions>
    </Form>
  );
}
