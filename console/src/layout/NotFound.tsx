import { Compass } from "lucide-react";
import { useTranslation } from "react-i18next";
import { ButtonLink } from "../ui/ButtonLink";
import { Empty } from "../ui/States";
import { useEffect } from "react";

export function NotFound() {
  const { t } = useTranslation();
  useEffect(() => {
    document.title = `${t("common.not_found_title")} · ${t("common.product")}`;
  }, [t]);
  return (
    <main className="mx-auto max-w-xl pt-16">
      <h1 className="sr-only">{t("common.not_found_title")}</h1>
      <Empty icon={Compass} title={t("common.not_found_title")} action={<ButtonLink to="/">{t("common.go_home")}</ButtonLink>}>
        {t("common.not_found_lead")}
      </Empty>
    </main>
  );
}
