import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type SyntheticEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { useNavigate } from "react-router";
import { control, need } from "../../api/client";
import { type Problem, toProblem } from "../../api/problem";
import { Button } from "../../ui/Button";
import { TextLink } from "../../ui/ButtonLink";
import { Dialog, DialogActions } from "../../ui/Dialog";
import { TextField } from "../../ui/Fields";
import { Form } from "../../ui/Form";
import { Card } from "../../ui/Layout";
import { ProblemNotice } from "../../ui/States";
import { sessionEnded } from "../auth/session";
import { soleOwned } from "./soleOwned";

/** Takes the account out of use at once and removes it later; until then a log-in brings it back. */
export function DeleteAccount({ email }: { email: string }) {
  const { t } = useTranslation();
  const [asking, setAsking] = useState(false);
  return (
    <Card title={t("account.delete.title")}>
      <div className="flex flex-col items-start gap-3">
        <p className="text-ink-2">{t("account.delete.lead")}</p>
        <Button look="danger" onPress={() => setAsking(true)}>
          {t("account.delete.action")}
        </Button>
      </div>
      <Dialog title={t("account.delete.ask", { email })} isOpen={asking} onClose={() => setAsking(false)}>
        <DeleteForm onClose={() => setAsking(false)} />
      </Dialog>
    </Card>
  );
}

function DeleteForm({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const queryClient = useQueryClient();
  const [password, setPassword] = useState("");
  const remove = useMutation({
    mutationFn: () => need(control.DELETE("/v1/me", { body: { current_password: password } })),
    gcTime: 0,
    onSuccess: async ({ removed_at }) => {
      await navigate("/account-deleted", { replace: true, state: { removedAt: removed_at } });
      sessionEnded(queryClient);
    },
  });
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    remove.mutate();
  };
  const problem = remove.error ? toProblem(remove.error) : null;
  return (
    <Form onSubmit={submit} error={remove.error} className="flex flex-col gap-4">
      <p className="text-ink-2">{t("account.delete.what")}</p>
      <TextField
        autoFocus
        label={t("account.current_password")}
        name="current_password"
        type="password"
        autoComplete="current-password"
        isRequired
        value={password}
        onChange={setPassword}
      />
      {remove.error ? <ProblemNotice error={remove.error} /> : null}
      {problem ? <SoleOwned problem={problem} /> : null}
      <DialogActions>
        <Button onPress={onClose}>{t("common.cancel")}</Button>
        <Button type="submit" look="danger" isPending={remove.isPending}>
          {t("account.delete.action")}
        </Button>
      </DialogActions>
    </Form>
  );
}

/** Where another owner can be made, when the account is an organisation's only one. */
function SoleOwned({ problem }: { problem: Problem }) {
  const { t } = useTranslation();
  const organizations = soleOwned(problem);
  if (organizations.length === 0) return null;
  return (
    <ul className="flex flex-col gap-1 text-sm">
      {organizations.map(({ id, name }) => (
        <li key={id}>
          <TextLink to={`/orgs/${id}/members`}>{t("account.delete.members_of", { name })}</TextLink>
        </li>
      ))}
    </ul>
  );
}
