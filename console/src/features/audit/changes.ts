import { formatDateTime } from "../../format/time";

/** What a field was and became; null where the log leaves it out since it is too long. */
export interface Change {
  field: string;
  from: string | null;
  to: string | null;
  omitted: boolean;
}

/** A value of the log, for people. */
function shown(field: string, value: unknown): string | null {
  if (value === null || value === undefined) return null;
  if (Array.isArray(value)) return value.length === 0 ? null : value.map(String).join(", ");
  if (typeof value === "object") {
    const members = Object.entries(value).map(([name, text]) => `${name}: ${String(text)}`);
    return members.length === 0 ? null : members.join(", ");
  }
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return field.endsWith("_at") ? formatDateTime(text) : text;
}

/** The details of an event, field by field. */
export function changesOf(details: object): Change[] {
  return Object.entries(details).map(([field, change]: [string, unknown]) => {
    const { from, to, omitted } = (typeof change === "object" && change !== null ? change : { to: change }) as Record<string, unknown>;
    return { field, from: shown(field, from), to: shown(field, to), omitted: omitted === true };
  });
}
