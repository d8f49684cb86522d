/** The playground's form and the request it means. */
import type { QueryRequest } from "../../api/types";
import { InexactInteger, parseExact } from "../../format/exactJson";

export type Mode = "semantic" | "text" | "hybrid" | "vector";
export type Fusion = "rrf" | "weighted";

export interface QueryForm {
  mode: Mode;
  text: string;
  vector: string;
  fusion: Fusion;
  alpha: number;
  topK: number;
  filter: string;
  params: string;
}

export const emptyForm: QueryForm = {
  mode: "hybrid",
  text: "",
  vector: "",
  fusion: "rrf",
  alpha: 0.5,
  topK: 10,
  filter: "",
  params: "",
};

/** A JSON array of finite numbers; null for anything else. Its numbers are floats, so that rounding is no harm. */
export function parseVector(text: string): number[] | null {
  try {
    const parsed: unknown = JSON.parse(text);
    return Array.isArray(parsed) && parsed.length > 0 && parsed.every((one) => typeof one === "number") ? parsed : null;
  } catch {
    return null;
  }
}

type Params = NonNullable<QueryRequest["params"]>;

/** What a parameter may be is the service's to say. */
const areParams = (value: unknown): value is Params => Array.isArray(value);

type ParsedParams = { ok: true; params: Params } | { ok: false; integer: string | null };

function parseParams(text: string): ParsedParams {
  try {
    const parsed = parseExact(text);
    return areParams(parsed) ? { ok: true, params: parsed } : { ok: false, integer: null };
  } catch (error) {
    return { ok: false, integer: error instanceof InexactInteger ? error.literal : null };
  }
}

/** `integer` is one among the parameters that a number of JavaScript would alter, as it was written. */
export type Built =
  | { ok: true; request: QueryRequest }
  | { ok: false; field: "vector" }
  | { ok: false; field: "params"; integer: string | null };

const INCLUDE: NonNullable<QueryRequest["include"]> = ["text", "attributes", "metadata", "score_parts"];

/** The request of a form, or the field that cannot be sent. */
export function buildQuery(form: QueryForm): Built {
  const request: QueryRequest = { mode: form.mode, top_k: form.topK, include: INCLUDE };
  if (form.mode === "vector") {
    const vector = parseVector(form.vector);
    if (!vector) return { ok: false, field: "vector" };
    request.vector = vector;
  } else {
    request.text = form.text;
  }
  if (form.mode === "hybrid" && form.fusion === "weighted") request.alpha = form.alpha;
  if (form.filter.trim() !== "") {
    request.filter = form.filter.trim();
    if (form.params.trim() !== "") {
      const parsed = parseParams(form.params);
      if (!parsed.ok) return { ok: false, field: "params", integer: parsed.integer };
      request.params = parsed.params;
    }
  }
  return { ok: true, request };
}
