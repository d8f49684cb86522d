import { Check } from "lucide-react";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { cx } from "../../ui/classes";

export type StepState = "done" | "now" | "later";

interface StepProps {
  number: number;
  title: string;
  lead: string;
  state: StepState;
  /** Stands instead of the lead when the step is done. */
  outcome?: ReactNode;
  children?: ReactNode;
}

export function Step({ number, title, lead, state, outcome, children }: StepProps) {
  const { t } = useTranslation();
  return (
    <li
      aria-current={state === "now" ? "step" : undefined}
      className={cx("flex gap-4 rounded-lg border border-line p-4 sm:p-5", state === "later" ? "bg-canvas" : "bg-surface shadow-card")}
    >
      <span
        aria-hidden
        className={cx(
          "flex size-7 shrink-0 items-center justify-center rounded-full text-sm font-semibold",
          state === "done" && "bg-ok-soft text-ok",
          state === "now" && "bg-accent text-accent-ink",
          state === "later" && "bg-sunken text-ink-3",
        )}
      >
        {state === "done" ? <Check className="size-4" /> : number}
      </span>
      <div className="flex min-w-0 flex-1 flex-col gap-4">
        <div className="flex flex-col gap-0.5">
          <h2 className={cx("text-lg", state === "later" && "text-ink-2")}>
            <span className="sr-only">{t("start.step", { step: number })}: </span>
            {title}
          </h2>
          <div className="text-ink-2">{state === "done" && outcome ? outcome : lead}</div>
        </div>
        {state === "later" ? null : children}
      </div>
    </li>
  );
}
