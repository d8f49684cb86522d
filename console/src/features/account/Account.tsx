import { useSuspenseQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { meQuery } from "../../api/queries";
import { Page } from "../../ui/Layout";
import { ChangeEmail } from "./ChangeEmail";
import { ChangePassword } from "./ChangePassword";
import { DeleteAccount } from "./DeleteAccount";
import { SecondFactor } from "./SecondFactor";
import { Sessions } from "./Sessions";

/** What people do with their own account. */
export function Account() {
  const { t } = useTranslation();
  const { data: me } = useSuspenseQuery(meQuery);
  return (
    <Page title={t("account.title")} lead={t("account.lead")} narrow>
      <ChangeEmail user={me.user} />
      <ChangePassword />
      <SecondFactor totp={me.totp} />
      <Sessions />
      <DeleteAccount email={me.user.email} />
    </Page>
  );
}
