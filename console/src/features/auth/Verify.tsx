import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { useNavigate, useSearchParams } from "react-router";
import { control, need } from "../../api/client";
import { toProblem } from "../../api/problem";
import { ButtonLink } from "../../ui/ButtonLink";
import { Loading, ProblemNotice } from "../../ui/States";
import { AuthPage } from "./AuthPage";
import { takeReturn } from "./returnTo";
import { sessionStarted } from "./session";
import { asksPassword, isDeadLink, type Verification } from "./verification";
import { VerifyPassword } from "./VerifyPassword";

export function Verify() {
  const { t } = useTranslation();
  const token = useSearchParams()[0].get("token") ?? "";
  const navigate = useNavigate();
  const queryClient = useQueryClient();
  const [elsewhere, setElsewhere] = useState(false);
  const { mutate, error, isSuccess, isPending } = useMutation({
    mutationFn: (body: Verification) => need(control.POST("/v1/auth/verify", { body })),
    onSuccess: async (session) => {
      sessionStarted(queryClient, session.csrf_token);
      await navigate(takeReturn(Date.now()) ?? "/", { replace: true });
    },
    onError: (refused) => {
      if (asksPassword(toProblem(refused))) setElsewhere(true);
    },
  });
  // A token works once, and an effect may run twice.
  const sent = useRef(false);
  useEffect(() => {
    if (token === "" || sent.current) return;
    sent.current = true;
    mutate({ token });
  }, [token, mutate]);
  if (token === "") {
    return (
      <AuthPage title={t("auth.verify.failed_title")} lead={t("auth.verify.missing")}>
        <ButtonLink to="/signup">{t("auth.verify.again")}</ButtonLink>
      </AuthPage>
    );
  }
  const problem = error ? toProblem(error) : null;
  if (elsewhere && !isSuccess && !(problem && isDeadLink(problem))) {
    return <VerifyPassword problem={problem} isPending={isPending} onPassword={(password) => mutate({ token, password })} />;
  }
  if (error) {
    return (
      <AuthPage title={t("auth.verify.failed_title")}>
        <ProblemNotice error={error} onRetry={() => mutate({ token })} />
        <div className="flex gap-2">
          <ButtonLink look="primary" to="/signup">
            {t("auth.verify.again")}
          </ButtonLink>
          <ButtonLink to="/login">{t("auth.login.title")}</ButtonLink>
        </div>
      </AuthPage>
    );
  }
  return (
    <AuthPage title={t("auth.verify.title")} lead={isSuccess ? t("auth.verify.done") : t("auth.verify.working")}>
      <Loading rows={2} className="p-0" />
    </AuthPage>
  );
}
