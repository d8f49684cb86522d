import { useTranslation } from "react-i18next";
import { Navigate, useLocation } from "react-router";
import type { SignUp } from "../../api/types";
import { Button } from "../../ui/Button";
import { TextLink } from "../../ui/ButtonLink";
import { ProblemNotice } from "../../ui/States";
import { AuthPage } from "./AuthPage";
import { CapturedMail } from "./CapturedMail";
import { usePendingSignUp } from "./pendingSignUp";
import { useCapturedMail } from "./useCapturedMail";
import { useSignUp } from "./useSignUp";

function emailOf(state: unknown): string {
  const email = (state as { email?: unknown } | null)?.email;
  return typeof email === "string" ? email : "";
}

/** After the sign-up. What was typed there is gone after a reload; then only a new sign-up sends another mail. */
export function MailSent() {
  const { pending } = usePendingSignUp();
  const kept = emailOf(useLocation().state);
  const email = pending?.email ?? kept;
  return email === "" ? <Navigate to="/signup" replace /> : <Sent email={email} pending={pending} />;
}

function Sent({ email, pending }: { email: string; pending: SignUp | null }) {
  const { t } = useTranslation();
  const signUp = useSignUp();
  const { isCaptured, message, error, look } = useCapturedMail(email, "/verify");
  const again = () => {
    if (pending) signUp.mutate(pending, { onSuccess: look });
  };
  return (
    <AuthPage title={t("auth.sent.title")} lead={t("auth.sent.lead", { email })}>
      {isCaptured ? <CapturedMail message={message} openLabel={t("auth.sent.open")} /> : null}
      {error ? <ProblemNotice error={error} onRetry={look} /> : null}
      {isCaptured ? null : <p className="text-ink-2">{pending ? t("auth.sent.nothing") : t("auth.sent.nothing_reloaded")}</p>}
      {signUp.error ? <ProblemNotice error={signUp.error} onRetry={again} /> : null}
      <div className="flex flex-wrap items-center gap-4">
        {pending ? (
          <Button onPress={again} isPending={signUp.isPending}>
            {t("auth.sent.resend")}
          </Button>
        ) : null}
        <span role="status" className="text-sm text-ok">
          {signUp.isSuccess ? t("auth.sent.resent") : ""}
        </span>
        <TextLink to="/signup">{pending ? t("auth.sent.other") : t("auth.verify.again")}</TextLink>
      </div>
    </AuthPage>
  );
}
