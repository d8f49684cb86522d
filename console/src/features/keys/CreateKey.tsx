import { type SyntheticEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import type { CreatedApiKey } from "../../api/types";
import { Button } from "../../ui/Button";
import { Dialog, DialogActions } from "../../ui/Dialog";
import { Form } from "../../ui/Form";
import { ProblemNotice } from "../../ui/States";
import { NEW_KEY, newKeyOf } from "./draft";
import { KeyFields } from "./KeyFields";
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

interface KeyFormProps {
  org: string;
  onMade: (key: CreatedApiKey) => void;
  onClose: () => void;
}

function KeyForm({ org, onMade, onClose }: KeyFormProps) {
  const { t } = useTranslation();
  const [draft, setDraft] = useState(NEW_KEY);
  const create = useCreateKey(org, onMade);
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    create.mutate(newKeyOf(draft, Date.now()));
  };
  return (
    <Form
      onSubmit={submit}
      error={create.error}
      className="flex flex-col gap-4"
    >
      <KeyFields draft={draft} onChange={setDraft} />
      {create.error ? <ProblemNotice error={create.error} /> : null}
      <DialogActions>
        <Button onPress={onClose}>{t("common.cancel")}</Button>
        <Button type="submit" look="primary" isDisabled={draft.scopes.length === 0} isPending={create.isPending}>
          {t("keys.create")}
        </Button>
      </DialogActions>
    </Form>
  );
}
