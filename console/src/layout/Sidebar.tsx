import {
  BookOpen,
  Building2,
  ChartColumn,
  Database,
  FileText,
  FolderTree,
  Gauge,
  KeyRound,
  type LucideIcon,
  Rocket,
  ScrollText,
  SlidersHorizontal,
  Users,
} from "lucide-react";
import { useTranslation } from "react-i18next";
import { NavLink } from "react-router";
import type { Me, Organization } from "../api/types";
import { cx } from "../ui/classes";
import { AccountMenu } from "./AccountMenu";
import { OrgSwitcher } from "./OrgSwitcher";
import { may, mayReadAudit } from "./permissions";

interface SidebarProps {
  me: Me;
  organization: Organization;
  onNavigate?: () => void;
}

const itemClass =
  "flex items-center gap-2.5 rounded-md px-2.5 py-1.5 text-sm font-medium transition-colors";
const restClass = "text-ink-2 hover:bg-sunken hover:text-ink";

export function Sidebar({ me, organization, onNavigate }: SidebarProps) {
  const { t } = useTranslation();
  const item = (to: string, icon: LucideIcon, label: string) => (
    <Item to={`/orgs/${organization.id}/${to}`} icon={icon} label={label} onNavigate={onNavigate} />
  );
  return (
    <nav aria-label={t("nav.label")} className="flex h-full flex-col">
      <div className="px-2.5 pt-3 pb-2 pr-12 lg:pr-2.5">
        <OrgSwitcher me={me} organization={organization} onNavigate={onNavigate} />
      </div>
      <div className="flex min-h-0 flex-1 flex-col gap-4 overflow-y-auto px-2.5 py-2">
        <ul className="flex flex-col gap-0.5">
          {item("overview", Gauge, t("nav.overview"))}
          {may(organization.role, "ManageNamespaces") ? item("start", Rocket, t("nav.start")) : null}
        </ul>
        <Group label={t("nav.group_build")}>
          {item("data", Database, t("nav.data"))}
          {item("namespaces", FolderTree, t("nav.namespaces"))}
          {item("keys", KeyRound, t("nav.keys"))}
          <li>
            <a href="/docs" className={cx(itemClass, restClass)}>
              <BookOpen aria-hidden className="size-4 shrink-0" />
              {t("nav.docs")}
            </a>
          </li>
        </Group>
        <Group label={t("nav.group_account")}>
          {item("usage", ChartColumn, t("nav.usage"))}
          {item("invoice", FileText, t("nav.invoice"))}
          {item("plan", SlidersHorizontal, t("nav.plan"))}
        </Group>
        <Group label={t("nav.group_organization")}>
          {item("members", Users, t("nav.members"))}
          {item("settings", Building2, t("nav.settings"))}
          {mayReadAudit(organization.role) ? item("audit", ScrollText, t("nav.audit")) : null}
        </Group>
      </div>
      <div className="border-t border-line p-2.5">
        <AccountMenu email={me.user.email} />
      </div>
    </nav>
  );
}

function Group({ label, children }: { label: string; children: React.ReactNode }) {
  return (
    <div className="flex flex-col gap-1">
      <p className="px-2.5 text-xs font-medium text-ink-3">{label}</p>
      <ul aria-label={label} className="flex flex-col gap-0.5">
        {children}
      </ul>
    </div>
  );
}

interface ItemProps {
  to: string;
  icon: LucideIcon;
  label: string;
  onNavigate: (() => void) | undefined;
}

function Item({ to, icon: Icon, label, onNavigate }: ItemProps) {
  return (
    <li>
      <NavLink
        to={to}
        onClick={onNavigate}
        className={({ isActive }) => cx(itemClass, isActive ? "bg-accent-soft text-accent" : restClass)}
      >
        <Icon aria-hidden className="size-4 shrink-0" />
        {label}
      </NavLink>
    </li>
  );
}
