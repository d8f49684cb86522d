import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { keysQuery, namespacesQuery } from "../../api/queries";
import { type GroupBy, UNATTRIBUTED } from "./aggregate";

/** How much of an id tells two apart. */
const ID_TAIL = 6;

/**
 * The name of a key or namespace by its id. Usage also comes from keys that the list does not have: the
 * console's own short-lived tokens and keys that were revoked.
 */
export function useGroupName(org: string, group: GroupBy): (id: string) => string {
  const { t } = useTranslation();
  const keys = useQuery({ ...keysQuery(org), enabled: group === "key" });
  const namespaces = useQuery({ ...namespacesQuery(org), enabled: group === "namespace" });
  return (id) => {
    if (group === "none") return t("usage.total");
    if (id === UNATTRIBUTED) return t("usage.unattributed");
    const known = (group === "key" ? keys.data?.items : namespaces.data?.items)?.find((one) => one.id === id);
    return known?.name ?? t(group === "key" ? "usage.other_key" : "usage.other_namespace", { id: id.slice(-ID_TAIL) });
  };
}
