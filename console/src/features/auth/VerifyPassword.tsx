import { type SyntheticEvent, useState } from "react";
import { Form } from "react-aria-components";
import { useTranslation } from "react-i18next";
import { type Problem, ProblemError } from "../../api/problem";
import { Button } from "../../ui/Button";
import { TextLink } from "../../ui/ButtonLink";
import { TextField } from "../../ui/Fields";
import { ProblemNotice } from "../../ui/States";
import { AuthPage } from "./AuthPage";
import { asksPassword, isWrongPassword } from "./verification";

interface VerifyPasswordProps {
  /** Why the last try was refused; null while none has been. */
  problem: Problem | null;
  isPending: boolean;
  onPassword: (password: string) => void;
}

/**
 * The link was opened in another browser than the one that signed up. Whoever knows the password of that sign-up made
 * it; without one, somebody else's sign-up with this address could be taken for one's own.
 */
export function VerifyPassword({ problem, isPending, onPassword }: VerifyPasswordProps) {
  const { t } = useTranslation();
  const [password, setPassword] = useState("");
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    onPassword(password);
  };
  return (
    <AuthPage title={t("auth.verify.password_title")} lead={t("auth.verify.password_lead")}>
      <Form onSubmit={submit} className="flex flex-col gap-4">
        <TextField
          label={t("auth.verify.password")}
          name="password"
          type="password"
          autoComplete="current-password"
          isRequired
          value={password}
          onChange={setPassword}
        />
        {problem && isWrongPassword(problem) ? (
          <p role="alert" className="rounded-lg border border-danger/40 bg-danger-soft p-3 font-medium">
            {t("auth.verify.password_wrong")}
          </p>
        ) : null}
        {problem && !asksPassword(problem) ? <ProblemNotice error={new ProblemError(problem)} /> : null}
        <Button type="submit" look="primary" size="lg" isPending={isPending}>
          {t("auth.verify.password_submit")}
        </Button>
      </Form>
      <p className="text-ink-2">
        {t("auth.verify.not_mine")} <TextLink to="/signup">{t("auth.signup.title")}</TextLink>
      </p>
    </AuthPage>
  );
}
