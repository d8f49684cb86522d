import { useMutation, type UseMutationResult, useQuery } from "@tanstack/react-query";
import { type SyntheticEvent, useState } from "react";
import { Form } from "react-aria-components";
import { useTranslation } from "react-i18next";
import { useLocation } from "react-router";
import { control, need } from "../../api/client";
import { fieldErrors, isStatus, toProblem } from "../../api/problem";
import { capturedMailQuery } from "../../api/queries";
import type { CapturedMail } from "../../api/types";
import { Button, buttonClass } from "../../ui/Button";
import { TextLink } from "../../ui/ButtonLink";
import { TextField } from "../../ui/Fields";
import { ProblemNotice } from "../../ui/States";
import { AuthPage } from "./AuthPage";

/** How often the captured mailbox is looked at while it is empty. */
const POLL_MS = 1000;

function emailOf(state: unknown): string {
  const email = (state as { email?: unknown } | null)?.email;
  return typeof email === "string" ? email : "";
}

/** After the sign-up; also reached from an old link, then the address has to be given first. */
export function MailSent() {
  const [email, setEmail] = useState(emailOf(useLocation().state));
  const [asked, setAsked] = useState(email !== "");
  const resend = useMutation({
    mutationFn: (to: string) => need(control.POST("/v1/auth/verify/resend", { body: { email: to } })),
    onSuccess: () => setAsked(true),
  });
  return asked ? (
    <Sent email={email} resend={resend} />
  ) : (
    <AskAddress email={email} onChange={setEmail} resend={resend} />
  );
}

type Resend = UseMutationResult<unknown, Error, string>;

function AskAddress({ email, onChange, resend }: { email: string; onChange: (email: string) => void; resend: Resend }) {
  const { t } = useTranslation();
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    resend.mutate(email);
  };
  return (
    <AuthPage title={t("auth.verify.again")} lead={t("auth.sent.ask")}>
      <Form
        onSubmit={submit}
        validationErrors={fieldErrors(resend.error ? toProblem(resend.error) : null)}
        className="flex flex-col gap-4"
      >
        <TextField label={t("auth.email")} name="email" type="email" autoComplete="email" isRequired value={email} onChange={onChange} />
        {resend.error ? <ProblemNotice error={resend.error} /> : null}
        <Button type="submit" look="primary" size="lg" isPending={resend.isPending}>
          {t("auth.sent.submit")}
        </Button>
      </Form>
      <p className="text-ink-2">
        {t("auth.signup.have_account")} <TextLink to="/login">{t("auth.login.title")}</TextLink>
      </p>
    </AuthPage>
  );
}

function Sent({ email, resend }: { email: string; resend: Resend }) {
  const { t } = useTranslation();
  const mail = useQuery({
    ...capturedMailQuery(email),
    refetchInterval: ({ state }) => (state.error || state.data?.messages.length ? false : POLL_MS),
  });
  const again = () => resend.mutate(email, { onSuccess: () => void mail.refetch() });
  const captured = mail.isSuccess;
  const failed = mail.error && !isStatus(mail.error, 404) ? mail.error : null;
  return (
    <AuthPage title={t("auth.sent.title")} lead={t("auth.sent.lead", { email })}>
      {captured ? <Captured newest={newest(mail.data.messages)} /> : null}
      {failed ? <ProblemNotice error={failed} onRetry={() => void mail.refetch()} /> : null}
      {captured ? null : <p className="text-ink-2">{t("auth.sent.nothing")}</p>}
      {resend.error ? <ProblemNotice error={resend.error} onRetry={again} /> : null}
      <div className="flex flex-wrap items-center gap-4">
        <Button onPress={again} isPending={resend.isPending}>
          {t("auth.sent.resend")}
        </Button>
        <span role="status" className="text-sm text-ok">
          {resend.isSuccess ? t("auth.sent.resent") : ""}
        </span>
        <TextLink to="/signup">{t("auth.sent.other")}</TextLink>
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
