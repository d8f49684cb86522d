import { useMutation } from "@tanstack/react-query";
import { type SyntheticEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { control, need } from "../../api/client";
import type { Me } from "../../api/types";
import { formatDate } from "../../format/time";
import { Button } from "../../ui/Button";
import { TextField } from "../../ui/Fields";
import { Form } from "../../ui/Form";
import { Card, Fact } from "../../ui/Layout";
import { ProblemNotice } from "../../ui/States";
import { CapturedMail } from "../auth/CapturedMail";
import { useCapturedMail } from "../auth/useCapturedMail";

/** The address one logs in with, and the way to another: it holds when the link that goes there is opened. */
export function ChangeEmail({ user }: { user: Me["user"] }) {
  const { t } = useTranslation();
  const [sentTo, setSentTo] = useState<string | null>(null);
  const [changing, setChanging] = useState(false);
  const start = (
    <Button
      size="sm"
      onPress={() => {
        setSentTo(null);
        setChanging(true);
      }}
    >
      {t("account.email.change")}
    </Button>
  );
  return (
    <Card title={t("account.email.title")} actions={changing ? null : start}>
      <div className="flex flex-col gap-4">
        <dl className="grid gap-4 text-sm sm:grid-cols-2">
          <Fact label={t("auth.email")} value={user.email} />
          <Fact label={t("account.email.since")} value={formatDate(user.created_at)} />
        </dl>
        {changing ? (
          <EmailForm
            onCancel={() => setChanging(false)}
            onSent={(email) => {
              setSentTo(email);
              setChanging(false);
            }}
          />
        ) : null}
        {sentTo === null ? null : <LinkSent email={sentTo} />}
      </div>
    </Card>
  );
}

function EmailForm({ onSent, onCancel }: { onSent: (email: string) => void; onCancel: () => void }) {
  const { t } = useTranslation();
  const [email, setEmail] = useState("");
  const [password, setPassword] = useState("");
  const change = useMutation({
    mutationFn: () => need(control.PUT("/v1/me/email", { body: { email, current_password: password } })),
    gcTime: 0,
    onSuccess: () => onSent(email.trim()),
  });
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    change.mutate();
  };
  return (
    <Form
      onSubmit={submit}
      error={change.error}
      className="flex max-w-md flex-col gap-4"
    >
      <TextField
        autoFocus
        label={t("account.email.new")}
        hint={t("account.email.hint")}
        name="email"
        type="email"
        autoComplete="email"
        isRequired
        value={email}
        onChange={setEmail}
      />
      <TextField
        label={t("account.current_password")}
        name="current_password"
        type="password"
        autoComplete="current-password"
        isRequired
        value={password}
        onChange={setPassword}
      />
      {change.error ? <ProblemNotice error={change.error} onRetry={() => change.mutate()} /> : null}
      <div className="flex flex-wrap gap-2">
        <Button type="submit" look="primary" isPending={change.isPending}>
          {t("account.email.submit")}
        </Button>
        <Button onPress={onCancel}>{t("common.cancel")}</Button>
      </div>
    </Form>
  );
}

function LinkSent({ email }: { email: string }) {
  const { t } = useTranslation();
  const { isCaptured, message, error, look } = useCapturedMail(email, "/confirm-email");
  return (
    <>
      <p role="status" className="text-ink-2">
        {t("account.email.sent", { email })}
      </p>
      {isCaptured ? <CapturedMail message={message} openLabel={t("auth.confirm.submit")} /> : null}
      {error ? <ProblemNotice error={error} onRetry={look} /> : null}
    </>
  );
}
