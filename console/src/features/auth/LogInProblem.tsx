import { useTranslation } from "react-i18next";
import { useNavigate } from "react-router";
import { type Problem, ProblemError } from "../../api/problem";
import { Button } from "../../ui/Button";
import { ProblemNotice } from "../../ui/States";

/** A refused log-in. 401 here means wrong e-mail or password, not an ended session; the service's own words say so. */
export function LogInProblem({ problem, email }: { problem: Problem; email: string }) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  if (problem.code.includes("unverified") || problem.code.includes("not_verified")) {
    return (
      <div role="alert" className="flex flex-col items-start gap-2 rounded-lg border border-line bg-warn-soft p-3">
        <p>{t("auth.login.unverified")}</p>
        <Button size="sm" onPress={() => void navigate("/check-mail", { state: { email } })}>
          {t("auth.verify.again")}
        </Button>
      </div>
    );
  }
  if (problem.status === 401) {
    return (
      <div role="alert" className="flex flex-col gap-1 rounded-lg border border-danger/40 bg-danger-soft p-3">
        <p className="font-medium">{t("auth.login.refused")}</p>
        <p className="text-ink-2">{t("auth.login.refused_hint")}</p>
      </div>
    );
  }
  return <ProblemNotice error={new ProblemError(problem)} />;
}
