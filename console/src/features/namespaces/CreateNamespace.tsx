import { type SyntheticEvent, useState } from "react";
import { Form } from "react-aria-components";
import { useTranslation } from "react-i18next";
import { Button } from "../../ui/Button";
import { Dialog, DialogActions } from "../../ui/Dialog";
import { TextField } from "../../ui/Fields";
import { ProblemNotice } from "../../ui/States";
import { isName } from "./naming";
import { useCreateNamespace } from "./useCreateNamespace";

interface CreateNamespaceProps {
  org: string;
  isOpen: boolean;
  onClose: () => void;
}

export function CreateNamespace({ org, isOpen, onClose }: CreateNamespaceProps) {
  const { t } = useTranslation();
  return (
    <Dialog title={t("namespaces.create")} isOpen={isOpen} onClose={onClose}>
      <CreateForm org={org} onClose={onClose} />
    </Dialog>
  );
}

function CreateForm({ org, onClose }: { org: string; onClose: () => void }) {
  const { t } = useTranslation();
  const [name, setName] = useState("");
  const create = useCreateNamespace(org, onClose);
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    create.mutate(name);
  };
  return (
    <Form onSubmit={submit} className="flex flex-col gap-4">
      <TextField
        autoFocus
        label={t("namespaces.name")}
        hint={t("start.namespace.hint")}
        name="name"
        mono
        isRequired
        autoComplete="off"
        value={name}
        onChange={setName}
        validate={(value) => (value === "" || isName(value) ? null : t("namespaces.name_rule"))}
      />
      {create.error ? <ProblemNotice error={create.error} /> : null}
      <DialogActions>
        <Button onPress={onClose}>{t("common.cancel")}</Button>
        <Button type="submit" look="primary" isPending={create.isPending}>
          {t("namespaces.create")}
        </Button>
      </DialogActions>
    </Form>
  );
}
