import { Check, ChevronsUpDown, Plus } from "lucide-react";
import { useState } from "react";
import { Button, Header, Menu, MenuItem, MenuSection, MenuTrigger, Popover, Separator } from "react-aria-components";
import { useTranslation } from "react-i18next";
import type { Me, Organization } from "../api/types";
import { CreateOrganization } from "../features/organization/CreateOrganization";
import { Badge } from "../ui/Layout";
import { editionName } from "./edition";
import { Mark } from "./Mark";
import { roleName } from "./role";

const itemClass =
  "flex cursor-pointer items-center gap-2 rounded-md px-2 py-1.5 text-sm text-ink outline-none data-[focused]:bg-sunken";

interface OrgSwitcherProps {
  me: Me;
  organization: Organization;
  onNavigate: (() => void) | undefined;
}

/** Which organisation is open, and the way to the others. */
export function OrgSwitcher({ me, organization, onNavigate }: OrgSwitcherProps) {
  const { t } = useTranslation();
  const [creating, setCreating] = useState(false);
  return (
    <>
      <MenuTrigger>
        <Button
          aria-label={`${t("nav.switch_organization")}: ${organization.name}`}
          className="flex w-full min-w-0 cursor-pointer items-center gap-2.5 rounded-md px-1.5 py-1.5 text-left hover:bg-sunken"
        >
          <Mark className="size-7 shrink-0" />
          <span className="flex min-w-0 flex-1 flex-col items-start">
            <span className="w-full truncate text-sm font-semibold">{organization.name}</span>
            <Badge>{editionName(t, organization.edition)}</Badge>
          </span>
          <ChevronsUpDown aria-hidden className="size-4 shrink-0 text-ink-3" />
        </Button>
        <Popover placement="bottom start" className="max-h-[70dvh] w-64 overflow-auto rounded-lg border border-line bg-surface p-1 shadow-pop">
          <Menu
            aria-label={t("nav.switch_organization")}
            className="outline-none"
            onAction={(key) => {
              if (key === "create") setCreating(true);
              else onNavigate?.();
            }}
          >
            <MenuSection>
              <Header className="px-2 pt-1.5 pb-1 text-xs font-medium text-ink-3">{t("nav.organizations")}</Header>
              {me.organizations.map(({ id, name, role }) => (
                <MenuItem key={id} id={id} textValue={name} href={`/orgs/${id}`} className={itemClass}>
                  <span className="flex min-w-0 flex-1 flex-col">
                    <span className="truncate">{name}</span>
                    <span className="text-xs text-ink-3">{roleName(t, role)}</span>
                  </span>
                  {id === organization.id ? <Check aria-label={t("nav.open_now")} className="size-4 shrink-0 text-accent" /> : null}
                </MenuItem>
              ))}
            </MenuSection>
            <Separator className="my-1 border-t border-line" />
            <MenuItem id="create" className={itemClass}>
              <Plus aria-hidden className="size-4" />
              {t("organizations.create")}
            </MenuItem>
          </Menu>
        </Popover>
      </MenuTrigger>
      <CreateOrganization isOpen={creating} onClose={() => setCreating(false)} />
    </>
  );
}
