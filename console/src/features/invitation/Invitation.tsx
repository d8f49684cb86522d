import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useNavigate, useSearchParams } from "react-router";
import { control, need } from "../../api/client";
import { isStatus, names, type Problem, ProblemError, toProblem } from "../../api/problem";
import { meQuery } from "../../api/queries";
import { RepeatKey } from "../../api/repeat";
import type { Me } from "../../api/types";
import { putMine } from "../../layout/myOrganizations";
import { Button } from "../../ui/Button";
import { ButtonLink } from "../../ui/ButtonLink";
import { Loading, ProblemNotice } from "../../ui/States";
import { AuthPage } from "../auth/AuthPage";
import { withNext } from "../auth/session";
import { useLogOut } from "../auth/useLogOut";

/** Where the link of an invitation leads: who is signed in may join, everybody else signs in or up and comes back. */
export function Invitation() {
  const { t } = useTranslation();
  const token = useSearchParams()[0].get("token") ?? "";
  const me = useQuery(meQuery);
  if (token === "") {
    return (
      <AuthPage title={t("auth.verify.failed_title")} lead={t("auth.verify.missing")}>
        <div className="flex flex-wrap gap-2">
          <ButtonLink to="/">{t("common.go_home")}</ButtonLink>
        </div>
      </AuthPage>
    );
  }
  if (isStatus(me.error, 401)) return <SignInFirst next={here(token)} />;
  if (me.data) return <Accept me={me.data} token={token} />;
  return (
    <AuthPage title={t("invitation.title")}>
      {me.error ? <ProblemNotice error={me.error} onRetry={() => void me.refetch()} /> : <Loading rows={2} className="p-0" />}
    </AuthPage>
  );
}

const here = (token: string): string => `/invitation?token=${encodeURIComponent(token)}`;

function SignInFirst({ next }: { next: string }) {
  const { t } = useTranslation();
  return (
    <AuthPage title={t("invitation.title")} lead={t("invitation.sign_in_first")}>
      <div className="flex flex-col gap-2">
        <ButtonLink look="primary" size="lg" to={withNext("/login", next)}>
          {t("auth.login.title")}
        </ButtonLink>
        <ButtonLink size="lg" to={withNext("/signup", next)}>
          {t("auth.signup.title")}
        </ButtonLink>
      </div>
      <p className="text-ink-2">{t("invitation.sign_up_hint")}</p>
    </AuthPage>
  );
}

function Accept({ me, token }: { me: Me; token: string }) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const queryClient = useQueryClient();
  const logOut = useLogOut(withNext("/login", here(token)));
  const [repeat] = useState(() => new RepeatKey());
  const accept = useMutation({
    mutationFn: () => {
      const body = { token };
      return need(control.POST("/v1/me/invitations/accept", { params: { header: { "Idempotency-Key": repeat.of(body) } }, body }));
    },
    onSuccess: async (organization) => {
      putMine(queryClient, organization);
      await navigate(`/orgs/${organization.id}/overview`, { replace: true });
    },
  });
  const problem = accept.error ? toProblem(accept.error) : null;
  const belongs = problem?.code === "conflict";
  const refused = names(problem, "/token");
  return (
    <AuthPage title={t("invitation.title")} lead={t("invitation.lead")}>
      <p className="flex flex-col rounded-lg border border-line bg-sunken p-3 text-sm">
        {t("invitation.signed_in_as")} <strong className="font-medium wrap-anywhere">{me.user.email}</strong>
      </p>
      {problem ? <Refused problem={problem} onRetry={() => accept.mutate()} /> : null}
      <div className="flex flex-col gap-2">
        {belongs ? (
          <ButtonLink look="primary" size="lg" to="/">
            {t("common.go_home")}
          </ButtonLink>
        ) : (
          <Button look={refused ? "secondary" : "primary"} size="lg" isPending={accept.isPending} onPress={() => accept.mutate()}>
            {t("invitation.accept")}
          </Button>
        )}
        <Button look={refused ? "primary" : "secondary"} size="lg" isPending={logOut.isPending} onPress={() => logOut.mutate()}>
          {t("invitation.other_account")}
        </Button>
      </div>
      {logOut.error ? <ProblemNotice error={logOut.error} onRetry={() => logOut.mutate()} /> : null}
      <p className="text-ink-2">{t("invitation.decline")}</p>
    </AuthPage>
  );
}

/** The service does not tell why a link is refused; most often it was sent to another address. */
function Refused({ problem, onRetry }: { problem: Problem; onRetry: () => void }) {
  const { t } = useTranslation();
  return (
    <>
      {names(problem, "/token") ? <p className="text-ink-2">{t("invitation.wrong_address")}</p> : null}
      <ProblemNotice error={new ProblemError(problem)} onRetry={onRetry} />
    </>
  );
}
