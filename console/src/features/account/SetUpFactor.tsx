import { useMutation } from "@tanstack/react-query";
import { type SyntheticEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { control, need } from "../../api/client";
import { names, toProblem } from "../../api/problem";
import type { BegunTotp } from "../../api/types";
import { Button } from "../../ui/Button";
import { CopyButton } from "../../ui/CopyButton";
import { TextField } from "../../ui/Fields";
import { Form } from "../../ui/Form";
import { QrCode } from "../../ui/QrCode";
import { ProblemNotice } from "../../ui/States";

interface StepProps<T> {
  onDone: (answer: T) => void;
  onCancel: () => void;
}

/** The password first; then an app gets the secret, and a code of it shows that it has. */
export function SetUpFactor({ onDone, onCancel }: StepProps<string[]>) {
  const [begun, setBegun] = useState<BegunTotp | null>(null);
  return begun ? (
    <Confirm begun={begun} onDone={onDone} onCancel={onCancel} />
  ) : (
    <Begin onDone={setBegun} onCancel={onCancel} />
  );
}

function Begin({ onDone, onCancel }: StepProps<BegunTotp>) {
  const { t } = useTranslation();
  const [password, setPassword] = useState("");
  const begin = useMutation({
    mutationFn: () => need(control.POST("/v1/me/totp", { body: { current_password: password } })),
    gcTime: 0,
    onSuccess: onDone,
  });
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    begin.mutate();
  };
  const problem = begin.error ? toProblem(begin.error) : null;
  return (
    <Form onSubmit={submit} error={begin.error} className="flex max-w-md flex-col gap-4">
      <TextField
        autoFocus
        label={t("account.current_password")}
        name="current_password"
        type="password"
        autoComplete="current-password"
        isRequired
        value={password}
        onChange={setPassword}
      />
      {begin.error && !names(problem, "/current_password") ? <ProblemNotice error={begin.error} /> : null}
      <div className="flex flex-wrap gap-2">
        <Button type="submit" look="primary" isPending={begin.isPending}>
          {t("account.factor.continue")}
        </Button>
        <Button onPress={onCancel}>{t("common.cancel")}</Button>
      </div>
    </Form>
  );
}

function Confirm({ begun, onDone, onCancel }: StepProps<string[]> & { begun: BegunTotp }) {
  const { t } = useTranslation();
  const [code, setCode] = useState("");
  const confirm = useMutation({
    mutationFn: () => need(control.POST("/v1/me/totp/confirm", { body: { code } })),
    gcTime: 0,
    onSuccess: ({ recovery_codes }) => onDone(recovery_codes),
  });
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    confirm.mutate();
  };
  const problem = confirm.error ? toProblem(confirm.error) : null;
  return (
    <div className="flex flex-col gap-5 sm:flex-row">
      <QrCode text={begun.otpauth_url} label={t("account.factor.qr")} />
      <Form onSubmit={submit} error={confirm.error} className="flex min-w-0 flex-1 flex-col gap-4">
        <p className="text-ink-2">{t("account.factor.scan")}</p>
        <div className="flex flex-wrap items-center gap-2">
          <code role="group" aria-label={t("account.factor.secret")} data-testid="totp-secret" className="min-w-0 font-mono text-xs break-all">
            {begun.secret}
          </code>
          <CopyButton text={begun.secret} label={t("account.factor.secret_copy")} />
        </div>
        <TextField
          label={t("auth.code.code")}
          hint={t("account.factor.first_code")}
          name="code"
          autoComplete="one-time-code"
          inputMode="numeric"
          maxLength={16}
          mono
          isRequired
          value={code}
          onChange={setCode}
        />
        {confirm.error && !names(problem, "/code") ? <ProblemNotice error={confirm.error} /> : null}
        <div className="flex flex-wrap gap-2">
          <Button type="submit" look="primary" isPending={confirm.isPending}>
            {t("account.factor.confirm")}
          </Button>
          <Button onPress={onCancel}>{t("common.cancel")}</Button>
        </div>
      </Form>
    </div>
  );
}
