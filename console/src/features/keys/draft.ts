import type { ApiKey, ApiKeyChange, NewApiKey, Scope } from "../../api/types";

const DAY_MS = 86_400_000;
const EXPIRY_DAYS = { d30: 30, d90: 90, d365: 365 } as const;

export const EXPIRIES = ["never", "d30", "d90", "d365", "at"] as const;
export type Expiry = (typeof EXPIRIES)[number];

/** What a form for a key holds. */
export interface KeyDraft {
  name: string;
  namespaces: string;
  scopes: Scope[];
  /** Addresses and ranges as they are typed, separated by white space or commas. */
  addresses: string;
  expiry: Expiry;
  /** For the expiry `at`: local, as the browser's own field gives it. */
  at: string;
}

export const NEW_KEY: KeyDraft = { name: "", namespaces: "*", scopes: ["read", "write"], addresses: "", expiry: "never", at: "" };

export const addressesOf = (text: string): string[] => text.split(/[\s,]+/).filter((range) => range !== "");

/** A moment as the browser's own field for local times takes it, to the minute. */
export function localMinute(iso: string): string {
  const at = new Date(iso);
  if (Number.isNaN(at.getTime())) return "";
  return new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

/** When a draft ends; null for never. What is no time yields none, too: the form asks for one before. */
function endOf({ expiry, at }: KeyDraft, now: number): string | null {
  if (expiry === "never") return null;
  if (expiry !== "at") return new Date(now + EXPIRY_DAYS[expiry] * DAY_MS).toISOString();
  const end = new Date(at);
  return Number.isNaN(end.getTime()) ? null : end.toISOString();
}

export function newKeyOf(draft: KeyDraft, now: number): NewApiKey {
  const ranges = addressesOf(draft.addresses);
  const end = endOf(draft, now);
  return {
    name: draft.name,
    namespaces: draft.namespaces,
    scopes: draft.scopes,
    ...(ranges.length > 0 ? { allowed_addresses: ranges } : {}),
    ...(end === null ? {} : { expires_at: end }),
  };
}

export function draftOf(key: ApiKey): KeyDraft {
  return {
    name: key.name,
    namespaces: key.namespaces,
    scopes: [...key.scopes],
    addresses: key.allowed_addresses.join("\n"),
    expiry: key.expires_at ? "at" : "never",
    at: key.expires_at ? localMinute(key.expires_at) : "",
  };
}

export const FIELDS = ["name", "namespaces", "scopes", "addresses", "expiry"] as const;
export type Field = (typeof FIELDS)[number];

const FIELD_TEXT: Record<Field, (draft: KeyDraft) => string> = {
  name: ({ name }) => name.trim(),
  namespaces: ({ namespaces }) => namespaces.trim(),
  scopes: ({ scopes }) => [...scopes].sort().join(),
  addresses: ({ addresses }) => addressesOf(addresses).join(),
  expiry: ({ expiry, at }) => (expiry === "at" ? at : expiry),
};

/** Fields in which two states of a key, or a draft and what it began with, differ. */
export const differing = (a: KeyDraft, b: KeyDraft): Field[] => FIELDS.filter((field) => FIELD_TEXT[field](a) !== FIELD_TEXT[field](b));

/** What a draft changes of a key: what is as it was is not sent, so that it does not undo what others did. */
export function changeOf(base: ApiKey, draft: KeyDraft, now: number): ApiKeyChange {
  const changed = new Set(differing(draftOf(base), draft));
  return {
    ...(changed.has("name") ? { name: draft.name } : {}),
    ...(changed.has("namespaces") ? { namespaces: draft.namespaces } : {}),
    ...(changed.has("scopes") ? { scopes: draft.scopes } : {}),
    ...(changed.has("addresses") ? { allowed_addresses: addressesOf(draft.addresses) } : {}),
    ...(changed.has("expiry") ? { expires_at: endOf(draft, now) } : {}),
  };
}

export interface Rebased {
  draft: KeyDraft;
  /** What somebody else has changed. */
  theirs: Field[];
  /** What both have changed, differently; the draft keeps its own. */
  both: Field[];
}

/** A draft of `base` upon the key as somebody else has changed it meanwhile. */
export function rebase(base: ApiKey, draft: KeyDraft, current: ApiKey): Rebased {
  const [before, now] = [draftOf(base), draftOf(current)];
  const theirs = differing(before, now);
  const mine = new Set(differing(before, draft));
  const differ = new Set(differing(draft, now));
  const taken = theirs.filter((field) => !mine.has(field));
  const next = { ...draft };
  for (const field of taken) take(field, now, next);
  return { draft: next, theirs, both: theirs.filter((field) => mine.has(field) && differ.has(field)) };
}

function take(field: Field, from: KeyDraft, to: KeyDraft): void {
  if (field === "expiry") [to.expiry, to.at] = [from.expiry, from.at];
  else if (field === "scopes") to.scopes = [...from.scopes];
  else to[field] = from[field];
}
