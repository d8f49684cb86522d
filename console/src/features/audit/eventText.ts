import type { TFunction } from "i18next";
import { useTranslation } from "react-i18next";
import type { AuditEvent } from "../../api/types";
import { ALL_ACTIONS } from "./search";

/** The name of an action; one that this console does not know shows as it is. */
export function useActionName(): (action: string) => string {
  const { t } = useTranslation();
  return (action) => {
    const known = ALL_ACTIONS.find((one) => one === action);
    return known ? t(`audit.actions.${known}`) : action;
  };
}

/** Who did it. */
export function whoOf(t: TFunction, { actor }: AuditEvent): string {
  const name = actor.name ?? actor.id;
  if (name === null || name === undefined) return actor.kind === "service" ? t("audit.service") : actor.kind;
  return actor.kind === "api_key" ? t("audit.by_key", { name }) : name;
}

/** What it was done to. */
export const whatOf = (t: TFunction, { target }: AuditEvent): string => target.name ?? target.id ?? t("audit.not_said");
