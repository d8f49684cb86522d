import { useMutation } from "@tanstack/react-query";
import { type SyntheticEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { useSearchParams } from "react-router";
import { control, need } from "../../api/client";
import { names, toProblem } from "../../api/problem";
import { Button } from "../../ui/Button";
import { ButtonLink, TextLink } from "../../ui/ButtonLink";
import { TextField } from "../../ui/Fields";
import { Form } from "../../ui/Form";
import { ProblemNotice } from "../../ui/States";
import { AuthPage } from "./AuthPage";
import { safeNext, withNext } from "./session";
import { useEntry } from "./useEntry";

/** The second step of a log-in. What waits for it is in a cookie that no script reads, so a reload does no harm. */
export function SecondFactor() {
  const { t } = useTranslation();
  const next = safeNext(useSearchParams()[0].get("next"));
  const enter = useEntry(next);
  const [code, setCode] = useState("");
  const finish = useMutation({
    mutationFn: () => need(control.POST("/v1/auth/totp", { body: { code } })),
    gcTime: 0,
    onSuccess: enter,
    onError: () => setCode(""),
  });
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    finish.mutate();
  };
  const problem = finish.error ? toProblem(finish.error) : null;
  const again = withNext("/login", next);
  if (problem?.status === 401) {
    return (
      <AuthPage title={t("auth.code.gone_title")} lead={t("auth.code.gone")}>
        <ButtonLink look="primary" to={again}>
          {t("auth.code.again")}
        </ButtonLink>
      </AuthPage>
    );
  }
  return (
    <AuthPage title={t("auth.code.title")} lead={t("auth.code.lead")}>
      <Form onSubmit={submit} error={finish.error} className="flex flex-col gap-4">
        <TextField
          autoFocus
          label={t("auth.code.code")}
          hint={t("auth.code.hint")}
          name="code"
          autoComplete="one-time-code"
          spellCheck="false"
          maxLength={64}
          mono
          isRequired
          value={code}
          onChange={setCode}
        />
        {finish.error && !names(problem, "/code") ? <ProblemNotice error={finish.error} /> : null}
        <Button type="submit" look="primary" size="lg" isPending={finish.isPending}>
          {t("auth.code.submit")}
        </Button>
      </Form>
      <p className="text-ink-2">
        <TextLink to={again}>{t("auth.code.other")}</TextLink>
      </p>
    </AuthPage>
  );
}
