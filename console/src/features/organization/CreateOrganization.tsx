import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type SyntheticEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { useNavigate } from "react-router";
import { control, need } from "../../api/client";
import { RepeatKey } from "../../api/repeat";
import { putMine } from "../../layout/myOrganizations";
import { Button } from "../../ui/Button";
import { Dialog, DialogActions } from "../../ui/Dialog";
import { TextField } from "../../ui/Fields";
import { Form } from "../../ui/Form";
import { ProblemNotice } from "../../ui/States";
import { NAME_MAX } from "./naming";

interface CreateOrganizationProps {
  isOpen: boolean;
  onClose: () => void;
}

/** Makes an organisation and opens it; who makes it owns it. */
export function CreateOrganization({ isOpen, onClose }: CreateOrganizationProps) {
  const { t } = useTranslation();
  return (
    <Dialog title={t("organizations.create")} isOpen={isOpen} onClose={onClose}>
      <CreateForm onClose={onClose} />
    </Dialog>
  );
}

function CreateForm({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const queryClient = useQueryClient();
  const [name, setName] = useState("");
  const [repeat] = useState(() => new RepeatKey());
  const create = useMutation({
    mutationFn: () => {
      const body = { name };
      return need(control.POST("/v1/orgs", { params: { header: { "Idempotency-Key": repeat.of(body) } }, body }));
    },
    onSuccess: async ({ id, name: made, edition }) => {
      repeat.done();
      putMine(queryClient, { id, name: made, edition, role: "owner" });
      await navigate(`/orgs/${id}/start`);
      onClose();
    },
  });
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    create.mutate();
  };
  return (
    <Form
      onSubmit={submit}
      error={create.error}
      className="flex flex-col gap-4"
    >
      <p className="text-ink-2">{t("organizations.create_lead")}</p>
      <TextField
        autoFocus
        label={t("auth.organization")}
        hint={t("auth.organization_hint")}
        name="name"
        isRequired
        maxLength={NAME_MAX}
        autoComplete="organization"
        value={name}
        onChange={setName}
      />
      {create.error ? <ProblemNotice error={create.error} onRetry={() => create.mutate()} /> : null}
      <DialogActions>
        <Button onPress={onClose}>{t("common.cancel")}</Button>
        <Button type="submit" look="primary" isPending={create.isPending}>
          {t("organizations.create")}
        </Button>
      </DialogActions>
    </Form>
  );
}
