import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type SyntheticEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { control, dataTokens, need } from "../../api/client";
import { sessionsQuery } from "../../api/queries";
import { Button } from "../../ui/Button";
import { TextField } from "../../ui/Fields";
import { Form } from "../../ui/Form";
import { Card } from "../../ui/Layout";
import { ProblemNotice } from "../../ui/States";
import { PASSWORD_MIN } from "../auth/password";

export function ChangePassword() {
  const { t } = useTranslation();
  const queryClient = useQueryClient();
  const [current, setCurrent] = useState("");
  const [fresh, setFresh] = useState("");
  const change = useMutation({
    mutationFn: () => need(control.PUT("/v1/me/password", { body: { current_password: current, new_password: fresh } })),
    gcTime: 0,
    onSuccess: async () => {
      setCurrent("");
      setFresh("");
      // The service has ended them, as it has the other sessions.
      dataTokens.clear();
      await queryClient.invalidateQueries({ queryKey: sessionsQuery.queryKey });
    },
  });
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    change.mutate();
  };
  const typing = (set: (text: string) => void) => (text: string) => {
    if (change.isSuccess) change.reset();
    set(text);
  };
  return (
    <Card title={t("account.password.title")} hint={t("account.password.hint")}>
      <Form
        onSubmit={submit}
        error={change.error}
        className="flex max-w-md flex-col gap-4"
      >
        <TextField
          label={t("account.current_password")}
          name="current_password"
          type="password"
          autoComplete="current-password"
          isRequired
          value={current}
          onChange={typing(setCurrent)}
        />
        <TextField
          label={t("account.password.new")}
          hint={t("auth.password_hint", { count: PASSWORD_MIN })}
          name="new_password"
          type="password"
          autoComplete="new-password"
          isRequired
          minLength={PASSWORD_MIN}
          value={fresh}
          onChange={typing(setFresh)}
        />
        {change.error ? <ProblemNotice error={change.error} onRetry={() => change.mutate()} /> : null}
        <div className="flex flex-wrap items-center gap-3">
          <Button type="submit" look="primary" isPending={change.isPending}>
            {t("account.password.submit")}
          </Button>
          <span role="status" className="text-sm text-ok">
            {change.isSuccess ? t("account.password.done") : ""}
          </span>
        </div>
      </Form>
    </Card>
  );
}
