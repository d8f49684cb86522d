/** Records from what a person writes: one text a line, or a JSON array. */
import type { NewRecord } from "../../api/types";
import { InexactInteger, parseExact } from "../../format/exactJson";

const OFFSET = 0xcbf29ce484222325n;
const PRIME = 0x100000001b3n;
const MASK = 0xffffffffffffffffn;

/** FNV-1a of 64 bits over UTF-8: the same text gets the same id, also where a page has no secure context. */
export function textId(text: string): string {
  let hash = OFFSET;
  for (const byte of new TextEncoder().encode(text)) hash = ((hash ^ BigInt(byte)) * PRIME) & MASK;
  return hash.toString(16).padStart(16, "0");
}

export function recordsFromText(text: string): NewRecord[] {
  const lines = new Set(text.split("\n").map((line) => line.trim()));
  lines.delete("");
  return [...lines].map((line) => ({ id: textId(line), text: line }));
}

/** `integer` is one that a number of JavaScript would alter, as it was written. */
export type Parsed = { ok: true; records: NewRecord[] } | { ok: false; why: string } | { ok: false; integer: string };

/** Only the outer form is checked here; what a record may hold is the service's to say. */
export function recordsFromJson(json: string): Parsed {
  let parsed: unknown;
  try {
    parsed = parseExact(json);
  } catch (error) {
    if (error instanceof InexactInteger) return { ok: false, integer: error.literal };
    return { ok: false, why: error instanceof Error ? error.message : String(error) };
  }
  if (!Array.isArray(parsed)) return { ok: false, why: "[ … ]" };
  return { ok: true, records: parsed as NewRecord[] };
}

export const ATTRIBUTE_TYPES = ["string", "int", "float", "bool", "timestamp", "string_list"] as const;
export type AttributeType = (typeof ATTRIBUTE_TYPES)[number];

const isType = (text: string): text is AttributeType => (ATTRIBUTE_TYPES as readonly string[]).includes(text);

export type ParsedAttributes = { ok: true; attributes: Record<string, AttributeType> } | { ok: false; line: number };

/** `name: type` a line. */
export function parseAttributes(text: string): ParsedAttributes {
  const attributes: Record<string, AttributeType> = {};
  const lines = text.split("\n");
  for (const [index, line] of lines.entries()) {
    if (line.trim() === "") continue;
    const [name = "", type = "", ...more] = line.split(":").map((part) => part.trim());
    if (name === "" || !isType(type) || more.length > 0) return { ok: false, line: index + 1 };
    attributes[name] = type;
  }
  return { ok: true, attributes };
}

/** Something to try with at once. */
export const EXAMPLE_TEXTS = [
  "Refunds reach the card within five working days.",
  "Reset a forgotten password from the sign-in page; the link is valid for one hour.",
  "An invoice can be downloaded as PDF under Billing, the day after the period ends.",
  "Parcels to islands take two days longer than to the mainland.",
  "Two-factor codes come from an authenticator app; keep the recovery codes offline.",
  "A damaged item is replaced at no cost when a photo is sent within two weeks.",
].join("\n");
