import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { useSearchParams } from "react-router";
import { control, need } from "../../api/client";
import { names, toProblem } from "../../api/problem";
import { meQuery } from "../../api/queries";
import { Button } from "../../ui/Button";
import { ButtonLink } from "../../ui/ButtonLink";
import { ProblemNotice } from "../../ui/States";
import { AuthPage } from "./AuthPage";
import { DeadLink } from "./DeadLink";

/**
 * Gives the account its new address. By a press and not by opening the page: a program that looks at the links of
 * mails must not change what somebody logs in with.
 */
export function ConfirmEmail() {
  const { t } = useTranslation();
  const token = useSearchParams()[0].get("token") ?? "";
  const queryClient = useQueryClient();
  const confirm = useMutation({
    mutationFn: () => need(control.POST("/v1/auth/email/confirm", { body: { token } })),
    onSuccess: () => queryClient.invalidateQueries({ queryKey: meQuery.queryKey }),
  });
  if (token === "" || (confirm.error && names(toProblem(confirm.error), "/token"))) {
    return <DeadLink error={confirm.error} again={{ to: "/account", label: t("nav.account_settings") }} />;
  }
  if (confirm.isSuccess) {
    return (
      <AuthPage title={t("auth.confirm.done_title")} lead={t("auth.confirm.done")}>
        <div className="flex flex-wrap gap-2">
          <ButtonLink look="primary" to="/">
            {t("common.go_home")}
          </ButtonLink>
        </div>
      </AuthPage>
    );
  }
  return (
    <AuthPage title={t("auth.confirm.title")} lead={t("auth.confirm.lead")}>
      {confirm.error ? <ProblemNotice error={confirm.error} onRetry={() => confirm.mutate()} /> : null}
      <Button look="primary" size="lg" isPending={confirm.isPending} onPress={() => confirm.mutate()}>
        {t("auth.confirm.submit")}
      </Button>
    </AuthPage>
  );
}
