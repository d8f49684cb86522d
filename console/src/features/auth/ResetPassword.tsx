import { useMutation } from "@tanstack/react-query";
import { type SyntheticEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { useSearchParams } from "react-router";
import { control, need } from "../../api/client";
import { names, toProblem } from "../../api/problem";
import { Button } from "../../ui/Button";
import { TextField } from "../../ui/Fields";
import { Form } from "../../ui/Form";
import { ProblemNotice } from "../../ui/States";
import { AuthPage } from "./AuthPage";
import { DeadLink } from "./DeadLink";
import { PASSWORD_MIN } from "./password";
import { useEntry } from "./useEntry";

/** Sets a new password with the link of the mail, and signs in, or goes on to the second factor. A password that is refused leaves the link good. */
export function ResetPassword() {
  const { t } = useTranslation();
  const token = useSearchParams()[0].get("token") ?? "";
  const enter = useEntry("/");
  const [password, setPassword] = useState("");
  const reset = useMutation({
    mutationFn: () => need(control.POST("/v1/auth/password/reset", { body: { token, password } })),
    onSuccess: enter,
  });
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    reset.mutate();
  };
  const problem = reset.error ? toProblem(reset.error) : null;
  if (token === "" || names(problem, "/token")) {
    return <DeadLink error={reset.error} again={{ to: "/forgot-password", label: t("auth.forgot.again") }} />;
  }
  return (
    <AuthPage title={t("auth.reset.title")} lead={t("auth.reset.lead")}>
      <Form onSubmit={submit} error={reset.error} className="flex flex-col gap-4">
        <TextField
          label={t("auth.reset.password")}
          hint={t("auth.password_hint", { count: PASSWORD_MIN })}
          name="password"
          type="password"
          autoComplete="new-password"
          isRequired
          minLength={PASSWORD_MIN}
          value={password}
          onChange={setPassword}
        />
        {reset.error ? <ProblemNotice error={reset.error} onRetry={() => reset.mutate()} /> : null}
        <Button type="submit" look="primary" size="lg" isPending={reset.isPending}>
          {t("auth.reset.submit")}
        </Button>
      </Form>
    </AuthPage>
  );
}
