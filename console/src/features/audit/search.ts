import type { AuditSearch } from "../../api/types";

/** Actions by the kind of thing, in the order in which they are offered. */
export const ACTIONS = {
  api_key: ["api_key.create", "api_key.update", "api_key.rotate", "api_key.revoke"],
  namespace: [
    "namespace.create",
    "namespace.update",
    "namespace.suspend",
    "namespace.resume",
    "namespace.delete",
    "namespace.undelete",
    "namespace.purge",
  ],
  member: ["member.update", "member.remove"],
  invitation: ["invitation.create", "invitation.accept", "invitation.revoke"],
  organization: ["organization.create", "organization.update"],
} as const;

export type Kind = keyof typeof ACTIONS;
export const KINDS = Object.keys(ACTIONS) as Kind[];
export type Action = (typeof ACTIONS)[Kind][number];
export const ALL_ACTIONS: readonly Action[] = KINDS.flatMap((kind) => ACTIONS[kind]);

/** What is typed into the form; the texts of the times are local, as the browser's own field gives them. */
export interface AuditForm {
  actor: string;
  action: string;
  target: string;
  outcome: string;
  from: string;
  to: string;
}

export const EVERYTHING: AuditForm = { actor: "", action: "", target: "", outcome: "", from: "", to: "" };

const FIELDS = Object.keys(EVERYTHING) as (keyof AuditForm)[];

/** The form as the address has it, so that a search can be passed on. */
export function formOf(params: URLSearchParams): AuditForm {
  return Object.fromEntries(FIELDS.map((field) => [field, params.get(field) ?? ""])) as unknown as AuditForm;
}

export function paramsOf(form: AuditForm): Record<string, string> {
  const given = FIELDS.map((field) => [field, form[field].trim()] as const).filter(([, text]) => text !== "");
  return Object.fromEntries(given);
}

/** A local time of the form as the API takes it; what is no time is left out. */
function instant(local: string): string | undefined {
  const at = new Date(local);
  return local === "" || Number.isNaN(at.getTime()) ? undefined : at.toISOString();
}

/** What the form asks of the service. Its values stand as they are: what is wrong with them the service says. */
export function searchOf(form: AuditForm): AuditSearch {
  const { actor, action, target, outcome } = paramsOf(form);
  const [from, to] = [instant(form.from), instant(form.to)];
  return {
    ...(actor ? { actor } : {}),
    ...(action ? { action } : {}),
    ...(target ? { target } : {}),
    ...(outcome === "done" || outcome === "refused" ? { outcome } : {}),
    ...(from ? { from } : {}),
    ...(to ? { to } : {}),
  };
}
