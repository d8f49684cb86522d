import { useMutation } from "@tanstack/react-query";
import { type SyntheticEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { control, need } from "../../api/client";
import { Button } from "../../ui/Button";
import { TextLink } from "../../ui/ButtonLink";
import { TextField } from "../../ui/Fields";
import { Form } from "../../ui/Form";
import { ProblemNotice } from "../../ui/States";
import { AuthPage } from "./AuthPage";
import { CapturedMail } from "./CapturedMail";
import { useCapturedMail } from "./useCapturedMail";

/** Asks for a link to set a new password. The answer does not tell whether the address has an account, nor does this page. */
export function ForgotPassword() {
  const { t } = useTranslation();
  const [email, setEmail] = useState("");
  const ask = useMutation({
    mutationFn: (address: string) => need(control.POST("/v1/auth/password/forgot", { body: { email: address } })),
  });
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    ask.mutate(email);
  };
  if (ask.isSuccess) return <LinkSent email={ask.variables} onOther={() => ask.reset()} />;
  return (
    <AuthPage title={t("auth.forgot.title")} lead={t("auth.forgot.lead")}>
      <Form
        onSubmit={submit}
        error={ask.error}
        className="flex flex-col gap-4"
      >
        <TextField label={t("auth.email")} name="email" type="email" autoComplete="email" isRequired value={email} onChange={setEmail} />
        {ask.error ? <ProblemNotice error={ask.error} onRetry={() => ask.mutate(email)} /> : null}
        <Button type="submit" look="primary" size="lg" isPending={ask.isPending}>
          {t("auth.forgot.submit")}
        </Button>
      </Form>
      <p className="text-ink-2">
        {t("auth.forgot.remembered")} <TextLink to="/login">{t("auth.login.title")}</TextLink>
      </p>
    </AuthPage>
  );
}

function LinkSent({ email, onOther }: { email: string; onOther: () => void }) {
  const { t } = useTranslation();
  const { isCaptured, message, error, look } = useCapturedMail(email.trim(), "/reset-password");
  return (
    <AuthPage title={t("auth.sent.title")} lead={t("auth.forgot.sent", { email })}>
      {isCaptured ? <CapturedMail message={message} openLabel={t("auth.forgot.open")} /> : null}
      {error ? <ProblemNotice error={error} onRetry={look} /> : null}
      <p className="text-ink-2">{t("auth.forgot.nothing")}</p>
      <div className="flex flex-wrap items-center gap-4">
        <Button onPress={onOther}>{t("auth.forgot.again")}</Button>
        <TextLink to="/login">{t("auth.login.title")}</TextLink>
      </div>
    </AuthPage>
  );
}
