import { useTranslation } from "react-i18next";
import { useLocation } from "react-router";
import { formatDate } from "../../format/time";
import { ButtonLink } from "../../ui/ButtonLink";
import { AuthPage } from "./AuthPage";

/** After the account was deleted: until when a log-in brings it back. */
export function AccountDeleted() {
  const { t } = useTranslation();
  const state = useLocation().state as { removedAt?: unknown } | null;
  const removedAt = typeof state?.removedAt === "string" ? formatDate(state.removedAt) : null;
  return (
    <AuthPage
      title={t("auth.deleted.title")}
      lead={removedAt ? t("auth.deleted.until", { day: removedAt }) : t("auth.deleted.lead")}
    >
      <p className="text-ink-2">{t("auth.deleted.keep")}</p>
      <div className="flex flex-wrap gap-2">
        <ButtonLink look="primary" to="/login">
          {t("auth.deleted.log_in")}
        </ButtonLink>
      </div>
    </AuthPage>
  );
}
