import { useTranslation } from "react-i18next";
import { useNavigate } from "react-router";
import { type Problem, ProblemError } from "../../api/problem";
import { Button } from "../../ui/Button";
import { ProblemNotice } from "../../ui/States";

/**
 * A refused log-in. 401 here is no ended session: the e-mail or password is wrong, or the address was never
 * verified; the service does not tell which.
 */
export function LogInProblem({ problem }: { problem: Problem }) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  if (problem.status === 401) {
    return (
      <div role="alert" className="flex flex-col items-start gap-1 rounded-lg border border-danger/40 bg-danger-soft p-3">
        <p className="font-medium">{t("auth.login.refused")}</p>
        <p className="text-ink-2">{t("auth.login.refused_hint")}</p>
        <Button size="sm" className="mt-1" onPress={() => void navigate("/signup")}>
          {t("auth.verify.again")}
        </Button>
      </div>
    );
  }
  return <ProblemNotice error={new ProblemError(problem)} />;
}
