import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import type { AllItems } from "../../api/pages";
import { keysQuery, namespacesQuery } from "../../api/queries";
import { type GroupBy, OTHERS, UNATTRIBUTED } from "./aggregate";

export interface Groups {
  /** Ids that have a name; null while that is not known, and when not all names are there. */
  known: ReadonlySet<string> | null;
  name: (id: string) => string;
}

/** The names of keys or namespaces by their ids. */
export function useGroups(org: string, group: GroupBy): Groups {
  const { t } = useTranslation();
  const keys = useQuery({ ...keysQuery(org), enabled: group === "key" });
  const namespaces = useQuery({ ...namespacesQuery(org), enabled: group === "namespace" });
  const list: AllItems<{ id: string; name: string }> | undefined = group === "key" ? keys.data : namespaces.data;
  const names = new Map(list?.items.map(({ id, name }) => [id, name]));
  return {
    known: list?.complete ? new Set(names.keys()) : null,
    name: (id) => {
      if (group === "none") return t("usage.total");
      if (id === UNATTRIBUTED) return t("usage.unattributed");
      if (id === OTHERS) return t(group === "key" ? "usage.other_keys" : "usage.other_namespaces");
      return names.get(id) ?? id;
    },
  };
}
