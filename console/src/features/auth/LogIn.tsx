import { useMutation } from "@tanstack/react-query";
import { type SyntheticEvent, useState } from "react";
import { Form } from "react-aria-components";
import { useTranslation } from "react-i18next";
import { useSearchParams } from "react-router";
import { control, need } from "../../api/client";
import { toProblem } from "../../api/problem";
import { Button } from "../../ui/Button";
import { TextLink } from "../../ui/ButtonLink";
import { TextField } from "../../ui/Fields";
import { AuthPage } from "./AuthPage";
import { LogInProblem } from "./LogInProblem";
import { safeNext, withNext } from "./session";
import { useEntry } from "./useEntry";

export function LogIn() {
  const { t } = useTranslation();
  const next = safeNext(useSearchParams()[0].get("next"));
  const enter = useEntry(next);
  const [email, setEmail] = useState("");
  const [password, setPassword] = useState("");
  const logIn = useMutation({
    mutationFn: () => need(control.POST("/v1/auth/login", { body: { email, password } })),
    onSuccess: enter,
  });
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    logIn.mutate();
  };
  return (
    <AuthPage title={t("auth.login.title")}>
      <Form onSubmit={submit} className="flex flex-col gap-4">
        <TextField label={t("auth.email")} name="email" type="email" autoComplete="email" isRequired value={email} onChange={setEmail} />
        <TextField
          label={t("auth.password")}
          name="password"
          type="password"
          autoComplete="current-password"
          isRequired
          value={password}
          onChange={setPassword}
        />
        <p className="-mt-2 text-sm">
          <TextLink to="/forgot-password">{t("auth.login.forgot")}</TextLink>
        </p>
        {logIn.error ? <LogInProblem problem={toProblem(logIn.error)} /> : null}
        <Button type="submit" look="primary" size="lg" isPending={logIn.isPending}>
          {t("auth.login.submit")}
        </Button>
      </Form>
      <p className="text-ink-2">
        {t("auth.login.no_account")} <TextLink to={withNext("/signup", next)}>{t("auth.signup.title")}</TextLink>
      </p>
    </AuthPage>
  );
}
