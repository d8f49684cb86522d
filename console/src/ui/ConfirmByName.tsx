import { type SyntheticEvent, useState } from "react";
import { Form } from "react-aria-components";
import { useTranslation } from "react-i18next";
import { Button } from "./Button";
import { Dialog, DialogActions } from "./Dialog";
import { TextField } from "./Fields";
import { ProblemNotice } from "./States";

interface ConfirmByNameProps {
  /** The name to type; the dialog is open while it is set. */
  name: string | null;
  title: string;
  lead: string;
  typeLabel: string;
  submitLabel: string;
  isPending: boolean;
  error: unknown;
  onConfirm: () => void;
  onClose: () => void;
}

/** For what cannot be undone: the name has to be typed. */
export function ConfirmByName({ name, title, lead, onClose, ...rest }: ConfirmByNameProps) {
  return (
    <Dialog title={title} isOpen={name !== null} onClose={onClose}>
      <p className="text-ink-2">{lead}</p>
      {name === null ? null : <ConfirmForm key={name} name={name} onClose={onClose} {...rest} />}
    </Dialog>
  );
}

type FormProps = Omit<ConfirmByNameProps, "title" | "lead" | "name"> & { name: string };

function ConfirmForm({ name, typeLabel, submitLabel, isPending, error, onConfirm, onClose }: FormProps) {
  const { t } = useTranslation();
  const [typed, setTyped] = useState("");
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    if (typed === name) onConfirm();
  };
  return (
    <Form onSubmit={submit} className="flex flex-col gap-4">
      <TextField autoFocus label={typeLabel} value={typed} onChange={setTyped} mono autoComplete="off" name="confirmation" />
      {error ? <ProblemNotice error={error} onRetry={onConfirm} /> : null}
      <DialogActions>
        <Button onPress={onClose}>{t("common.cancel")}</Button>
        <Button type="submit" look="danger" isDisabled={typed !== name} isPending={isPending}>
          {submitLabel}
        </Button>
      </DialogActions>
    </Form>
  );
}
