import { type SyntheticEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { useNavigate, useSearchParams } from "react-router";
import { Button } from "../../ui/Button";
import { TextLink } from "../../ui/ButtonLink";
import { TextField } from "../../ui/Fields";
import { Form } from "../../ui/Form";
import { ProblemNotice } from "../../ui/States";
import { AuthPage } from "./AuthPage";
import { PASSWORD_MIN } from "./password";
import { usePendingSignUp } from "./pendingSignUp";
import { keepReturn } from "./returnTo";
import { safeNext, withNext } from "./session";
import { useSignUp } from "./useSignUp";

export function SignUp() {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const next = safeNext(useSearchParams()[0].get("next"));
  const [email, setEmail] = useState("");
  const [password, setPassword] = useState("");
  const [organization, setOrganization] = useState("");
  const { setPending } = usePendingSignUp();
  const signUp = useSignUp();
  const send = () =>
    signUp.mutate(
      { email, password, organization_name: organization },
      {
        onSuccess: (_, sent) => {
          keepReturn(next, Date.now());
          setPending(sent);
          void navigate("/check-mail", { state: { email: sent.email } });
        },
      },
    );
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    send();
  };
  return (
    <AuthPage title={t("auth.signup.title")} lead={t("auth.signup.lead")}>
      <Form
        onSubmit={submit}
        error={signUp.error}
        className="flex flex-col gap-4"
      >
        <TextField
          label={t("auth.email")}
          name="email"
          type="email"
          autoComplete="email"
          isRequired
          value={email}
          onChange={setEmail}
        />
        <TextField
          label={t("auth.password")}
          hint={t("auth.password_hint", { count: PASSWORD_MIN })}
          name="password"
          type="password"
          autoComplete="new-password"
          isRequired
          minLength={PASSWORD_MIN}
          value={password}
          onChange={setPassword}
        />
        <TextField
          label={t("auth.organization")}
          hint={t("auth.organization_hint")}
          name="organization_name"
          autoComplete="organization"
          isRequired
          maxLength={100}
          value={organization}
          onChange={setOrganization}
        />
        {signUp.error ? <ProblemNotice error={signUp.error} onRetry={send} /> : null}
        <Button type="submit" look="primary" size="lg" isPending={signUp.isPending}>
          {t("auth.signup.submit")}
        </Button>
      </Form>
      <p className="text-ink-2">
        {t("auth.signup.have_account")} <TextLink to={withNext("/login", next)}>{t("auth.login.title")}</TextLink>
      </p>
    </AuthPage>
  );
}
