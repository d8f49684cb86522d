import { useTranslation } from "react-i18next";
import { Badge } from "../../ui/Layout";

const TONES = {
  creating: "warn",
  ready: "ok",
  suspended: "warn",
  deleting: "danger",
  purging: "danger",
  deleted: "danger",
} as const;

const isKnown = (status: string): status is keyof typeof TONES => Object.hasOwn(TONES, status);

export function NamespaceStatus({ status }: { status: string }) {
  const { t } = useTranslation();
  return isKnown(status) ? (
    <Badge tone={TONES[status]}>{t(`namespaces.statuses.${status}`)}</Badge>
  ) : (
    <Badge>{status}</Badge>
  );
}
