import { useTranslation } from "react-i18next";
import { Badge } from "../../ui/Layout";

const TONES = { creating: "warn", ready: "ok", deleting: "danger" } as const;

export function NamespaceStatus({ status }: { status: string }) {
  const { t } = useTranslation();
  return status === "creating" || status === "ready" || status === "deleting" ? (
    <Badge tone={TONES[status]}>{t(`namespaces.statuses.${status}`)}</Badge>
  ) : (
    <Badge>{status}</Badge>
  );
}
