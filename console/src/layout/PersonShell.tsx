import { useQuery } from "@tanstack/react-query";
import { Suspense } from "react";
import { useTranslation } from "react-i18next";
import { Link, Navigate, Outlet, useLocation } from "react-router";
import { isStatus } from "../api/problem";
import { meQuery } from "../api/queries";
import { Loading, ProblemNotice } from "../ui/States";
import { AccountMenu } from "./AccountMenu";
import { Mark } from "./Mark";
import { SkipLink } from "./SkipLink";

/** Around the pages of a person, who may belong to several organisations or to none. */
export function PersonShell() {
  const { t } = useTranslation();
  const me = useQuery(meQuery);
  const { pathname, search } = useLocation();
  if (isStatus(me.error, 401)) return <Navigate to={`/login?next=${encodeURIComponent(pathname + search)}`} replace />;
  if (!me.data) {
    return (
      <main className="mx-auto max-w-xl p-6">
        {me.error ? <ProblemNotice error={me.error} onRetry={() => void me.refetch()} /> : <Loading />}
      </main>
    );
  }
  return (
    <div className="flex min-h-dvh flex-col">
      <SkipLink />
      <header className="sticky top-0 z-20 flex h-14 items-center justify-between gap-4 border-b border-line bg-surface px-4 sm:px-8">
        <Link to="/" aria-label={t("nav.to_console")} className="flex items-center gap-2.5 font-semibold tracking-tight">
          <Mark className="size-7 shrink-0" />
          <span className="hidden sm:inline">{t("common.product")}</span>
        </Link>
        <div className="max-w-56 min-w-0">
          <AccountMenu email={me.data.user.email} placement="bottom end" />
        </div>
      </header>
      <main id="content" tabIndex={-1} className="min-w-0 flex-1">
        <Suspense fallback={<Loading className="mx-auto max-w-3xl p-8" />}>
          <Outlet />
        </Suspense>
      </main>
    </div>
  );
}
