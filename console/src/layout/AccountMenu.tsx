import { ChevronsUpDown, LogOut, UserRound } from "lucide-react";
import { Button, Header, Menu, MenuItem, MenuSection, MenuTrigger, Popover, Separator } from "react-aria-components";
import { useTranslation } from "react-i18next";
import { useLogOut } from "../features/auth/useLogOut";
import { Dialog } from "../ui/Dialog";
import { ProblemNotice } from "../ui/States";
import { chooseTheme, type Theme, useTheme } from "../theme/theme";

const itemClass =
  "flex cursor-pointer items-center gap-2 rounded-md px-2 py-1.5 text-sm text-ink outline-none data-[focused]:bg-sunken data-[selected]:font-medium data-[selected]:text-accent";

interface AccountMenuProps {
  email: string;
  /** Where the menu opens. */
  placement?: "top start" | "bottom end";
}

export function AccountMenu({ email, placement = "top start" }: AccountMenuProps) {
  const { t } = useTranslation();
  const theme = useTheme();
  const logOut = useLogOut();
  const themes: { id: Theme; label: string }[] = [
    { id: "system", label: t("nav.theme_system") },
    { id: "light", label: t("nav.theme_light") },
    { id: "dark", label: t("nav.theme_dark") },
  ];
  return (
    <>
    <Dialog title={t("nav.log_out")} isOpen={logOut.isError} onClose={() => logOut.reset()}>
      <ProblemNotice error={logOut.error} onRetry={() => logOut.mutate()} />
    </Dialog>
    <MenuTrigger>
      <Button
        aria-label={`${t("nav.account")}: ${email}`}
        className="flex w-full cursor-pointer items-center justify-between gap-2 rounded-md px-2.5 py-2 text-left text-sm text-ink-2 hover:bg-sunken hover:text-ink"
      >
        <span className="truncate">{email}</span>
        <ChevronsUpDown aria-hidden className="size-4 shrink-0" />
      </Button>
      <Popover placement={placement} className="w-56 rounded-lg border border-line bg-surface p-1 shadow-pop">
        <Menu aria-label={t("nav.account")} className="outline-none">
          <MenuItem id="settings" href="/account" className={itemClass}>
            <UserRound aria-hidden className="size-4" />
            {t("nav.account_settings")}
          </MenuItem>
          <Separator className="my-1 border-t border-line" />
          <MenuSection
            selectionMode="single"
            disallowEmptySelection
            selectedKeys={[theme]}
            onSelectionChange={(keys) => {
              const chosen = themes.find(({ id }) => keys !== "all" && keys.has(id));
              if (chosen) chooseTheme(chosen.id);
            }}
          >
            <Header className="px-2 pt-1.5 pb-1 text-xs font-medium text-ink-3">{t("nav.theme")}</Header>
            {themes.map(({ id, label }) => (
              <MenuItem key={id} id={id} className={itemClass}>
                {label}
              </MenuItem>
            ))}
          </MenuSection>
          <Separator className="my-1 border-t border-line" />
          <MenuItem id="log-out" onAction={() => logOut.mutate()} className={itemClass}>
            <LogOut aria-hidden className="size-4" />
            {t("nav.log_out")}
          </MenuItem>
        </Menu>
      </Popover>
    </MenuTrigger>
    </>
  );
}
