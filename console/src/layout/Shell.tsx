import { useQuery } from "@tanstack/react-query";
import { Menu, X } from "lucide-react";
import { Suspense, useEffect, useState } from "react";
import { Dialog, Modal, ModalOverlay } from "react-aria-components";
import { useTranslation } from "react-i18next";
import { Navigate, Outlet, useLocation, useParams } from "react-router";
import { isStatus } from "../api/problem";
import { meQuery } from "../api/queries";
import type { Me, Organization } from "../api/types";
import { IconButton } from "../ui/Button";
import { Loading, ProblemNotice } from "../ui/States";
import { Mark } from "./Mark";
import { rememberOrg } from "./myOrganizations";
import { NotFound } from "./NotFound";
import { Sidebar } from "./Sidebar";
import { SkipLink } from "./SkipLink";

/** Everything behind the log-in: navigation beside the page, or in a drawer on narrow screens. */
export function Shell() {
  const me = useQuery(meQuery);
  const { org } = useParams();
  const { pathname, search } = useLocation();
  if (isStatus(me.error, 401)) return <Navigate to={`/login?next=${encodeURIComponent(pathname + search)}`} replace />;
  if (!me.data) {
    return (
      <main className="mx-auto max-w-xl p-6">
        {me.error ? <ProblemNotice error={me.error} onRetry={() => void me.refetch()} /> : <Loading />}
      </main>
    );
  }
  const organization = me.data.organizations.find((one) => one.id === org);
  return organization ? <Frame me={me.data} organization={organization} /> : <NotFound />;
}

function Frame({ me, organization }: { me: Me; organization: Organization }) {
  const { t } = useTranslation();
  const [drawer, setDrawer] = useState(false);
  useEffect(() => rememberOrg(organization.id), [organization.id]);
  return (
    <div className="flex min-h-dvh flex-col lg:flex-row">
      <SkipLink />
      <div className="sticky top-0 z-20 flex h-12 items-center gap-2 border-b border-line bg-surface px-3 lg:hidden">
        <IconButton label={t("nav.menu")} onPress={() => setDrawer(true)}>
          <Menu aria-hidden className="size-5" />
        </IconButton>
        <Mark className="size-5" />
        <span className="truncate font-semibold">{organization.name}</span>
      </div>
      <aside className="hidden w-60 shrink-0 border-r border-line bg-surface lg:block">
        <div className="sticky top-0 h-dvh">
          <Sidebar me={me} organization={organization} />
        </div>
      </aside>
      <ModalOverlay isOpen={drawer} onOpenChange={setDrawer} isDismissable className="fixed inset-0 z-30 bg-black/45 lg:hidden">
        <Modal className="h-full w-72 max-w-[85vw] bg-surface shadow-pop">
          <Dialog aria-label={t("nav.label")} className="relative h-full outline-none">
            <IconButton label={t("common.close")} onPress={() => setDrawer(false)} className="absolute top-2.5 right-2">
              <X aria-hidden className="size-4" />
            </IconButton>
            <Sidebar me={me} organization={organization} onNavigate={() => setDrawer(false)} />
          </Dialog>
        </Modal>
      </ModalOverlay>
      <main id="content" tabIndex={-1} className="min-w-0 flex-1">
        {/* Another organisation's page begins anew: nothing typed or opened in one is left in the other. */}
        <Suspense key={organization.id} fallback={<Loading className="mx-auto max-w-6xl p-8" />}>
          <Outlet />
        </Suspense>
      </main>
    </div>
  );
}
