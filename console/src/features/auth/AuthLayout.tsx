import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Outlet } from "react-router";
import type { SignUp } from "../../api/types";
import { Mark } from "../../layout/Mark";
import type { PendingSignUp } from "./pendingSignUp";

/** The pages before the log-in: one calm column, and the memory of a sign-up that waits for its mail. */
export function AuthLayout() {
  const { t } = useTranslation();
  const [pending, setPending] = useState<SignUp | null>(null);
  return (
    <div className="flex min-h-dvh flex-col items-center px-4 py-10 sm:py-[12vh]">
      <div className="mb-6 flex items-center gap-2.5">
        <Mark className="size-8" />
        <div className="flex flex-col">
          <span className="text-lg leading-5 font-semibold tracking-tight">{t("common.product")}</span>
          <span className="text-xs text-ink-3">{t("auth.tagline")}</span>
        </div>
      </div>
      <main id="content" className="w-full max-w-md rounded-xl border border-line bg-surface p-6 shadow-card sm:p-8">
        <Outlet context={{ pending, setPending } satisfies PendingSignUp} />
      </main>
    </div>
  );
}
