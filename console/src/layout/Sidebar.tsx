import { BookOpen, ChartColumn, Database, FileText, FolderTree, Gauge, KeyRound, type LucideIcon, Rocket, SlidersHorizontal } from "lucide-react";
import { useTranslation } from "react-i18next";
import { NavLink } from "react-router";
import type { Me, Organization } from "../api/types";
import { Badge } from "../ui/Layout";
import { cx } from "../ui/classes";
import { AccountMenu } from "./AccountMenu";
import { editionName } from "./edition";
import { Mark } from "./Mark";

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
      <div className="flex items-center gap-2.5 px-4 pt-4 pb-3">
        <Mark className="size-7 shrink-0" />
        <div className="flex min-w-0 flex-col items-start">
          <span className="w-full truncate pr-6 text-sm font-semibold">{organization.name}</span>
          <Badge>{editionName(t, organization.edition)}</Badge>
        </div>
      </div>
      <div className="flex min-h-0 flex-1 flex-col gap-4 overflow-y-auto px-2.5 py-2">
        <ul className="flex flex-col gap-0.5">
          {item("overview", Gauge, t("nav.overview"))}
          {item("start", Rocket, t("nav.start"))}
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
