import { useTranslation } from "react-i18next";

/** The first stop of the keyboard: over the navigation. */
export function SkipLink() {
  const { t } = useTranslation();
  return (
    <a
      href="#content"
      className="sr-only focus:not-sr-only focus:absolute focus:top-2 focus:left-2 focus:z-50 focus:rounded-md focus:bg-surface focus:px-3 focus:py-2 focus:shadow-pop"
    >
      {t("common.skip_to_content")}
    </a>
  );
}
