import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { Navigate, useLocation } from "react-router";
import { isStatus } from "../../api/problem";
import { capturedMailQuery } from "../../api/queries";
import type { CapturedMail, SignUp } from "../../api/types";
import { Button, buttonClass } from "../../ui/Button";
import { TextLink } from "../../ui/ButtonLink";
import { ProblemNotice } from "../../ui/States";
import { AuthPage } from "./AuthPage";
import { usePendingSignUp } from "./pendingSignUp";
import { useSignUp } from "./useSignUp";

/** How often the captured mailbox is looked at while it is empty. */
const POLL_MS = 1000;

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
  const mail = useQuery({
    ...capturedMailQuery(email),
    refetchInterval: ({ state }) => (state.error || state.data?.messages.length ? false : POLL_MS),
  });
  const again = () => {
    if (pending) signUp.mutate(pending, { onSuccess: () => void mail.refetch() });
  };
  const captured = mail.isSuccess;
  const failed = mail.error && !isStatus(mail.error, 404) ? mail.error : null;
  return (
    <AuthPage title={t("auth.sent.title")} lead={t("auth.sent.lead", { email })}>
      {captured ? <Captured newest={newest(mail.data.messages)} /> : null}
      {failed ? <ProblemNotice error={failed} onRetry={() => void mail.refetch()} /> : null}
      {captured ? null : <p className="text-ink-2">{pending ? t("auth.sent.nothing") : t("auth.sent.nothing_reloaded")}</p>}
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

/** The message with the latest time that has a link. */
function newest(messages: readonly CapturedMail[]): CapturedMail | undefined {
  return [...messages].filter((message) => message.link).sort((a, b) => b.at.localeCompare(a.at))[0];
}

/** The path of a link to this console; a link elsewhere is not followed. */
function pathOf(link: string): string | null {
  try {
    const url = new URL(link, window.location.origin);
    return url.pathname === "/verify" ? url.pathname + url.search : null;
  } catch {
    return null;
  }
}

function Captured({ newest: message }: { newest: CapturedMail | undefined }) {
  const { t } = useTranslation();
  const path = message?.link ? pathOf(message.link) : null;
  return (
    <section className="flex flex-col gap-3 rounded-lg border border-line bg-sunken p-4" aria-labelledby="captured">
      <div className="flex flex-col gap-0.5">
        <h2 id="captured" className="text-base">
          {t("auth.sent.captured_title")}
        </h2>
        <p className="text-xs text-ink-3">{t("auth.sent.captured_hint")}</p>
      </div>
      {message && path ? (
        <>
          <p className="text-sm font-medium">{message.subject}</p>
          <a href={path} className={buttonClass("primary", "lg")}>
            {t("auth.sent.open")}
          </a>
        </>
      ) : (
        <p role="status" className="text-sm text-ink-2">
          {t("auth.sent.captured_waiting")}
        </p>
      )}
    </section>
  );
}
