import { useTranslation } from "react-i18next";
import { toProblem } from "../api/problem";
import { Button } from "../ui/Button";

/** The reference has no routes, so it says what went wrong without the console's links. */
export function ReferenceProblem({ error, onRetry }: { error: unknown; onRetry: () => void }) {
  const { t } = useTranslation();
  const problem = toProblem(error);
  return (
    <main className="mx-auto flex max-w-xl flex-col items-start gap-3 p-8">
      <h1 className="text-xl">{t("docs.title")}</h1>
      <div role="alert" className="w-full rounded-lg border border-danger/40 bg-danger-soft p-3">
        <p className="font-medium">{problem.title}</p>
        <p className="text-ink-2">{problem.detail}</p>
        <code className="font-mono text-xs text-ink-2">
          {problem.code} {problem.requestId}
        </code>
      </div>
      <Button onPress={onRetry}>{t("problem.go.retry")}</Button>
    </main>
  );
}
