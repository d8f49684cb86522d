import { useTranslation } from "react-i18next";
import { ButtonLink } from "../../ui/ButtonLink";
import { ProblemNotice } from "../../ui/States";
import { AuthPage } from "./AuthPage";

interface DeadLinkProps {
  /** The refusal; none when the link came without a token. */
  error: Error | null;
  /** Where another link is asked for. */
  again: { to: string; label: string };
}

/** A link of a mail that is wrong, used, replaced or too old. */
export function DeadLink({ error, again }: DeadLinkProps) {
  const { t } = useTranslation();
  return (
    <AuthPage title={t("auth.verify.failed_title")} {...(error ? {} : { lead: t("auth.verify.missing") })}>
      {error ? <ProblemNotice error={error} /> : null}
      <div className="flex flex-wrap gap-2">
        <ButtonLink look="primary" to={again.to}>
          {again.label}
        </ButtonLink>
        <ButtonLink to="/login">{t("auth.login.title")}</ButtonLink>
      </div>
    </AuthPage>
  );
}
