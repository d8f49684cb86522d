/** The playground's form and the request it means. */
import type { QueryRequest } from "../../api/types";

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

function parseArray(text: string): unknown[] | null {
  try {
    const parsed: unknown = JSON.parse(text);
    return Array.isArray(parsed) ? parsed : null;
  } catch {
    return null;
  }
}

/** A JSON array of finite numbers; null for anything else. */
export function parseVector(text: string): number[] | null {
  const parsed = parseArray(text);
  return parsed && parsed.length > 0 && parsed.every((one) => typeof one === "number") ? (parsed) : null;
}

export type Built = { ok: true; request: QueryRequest } | { ok: false; field: "vector" | "params" };

const INCLUDE: NonNullable<QueryRequest["include"]> = ["text", "attributes", "metadata", "score_parts"];

/** The request of a form, or the field that is no JSON array. */
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
      const params = parseArray(form.params);
      if (!params) return { ok: false, field: "params" };
      request.params = params as NonNullable<QueryRequest["params"]>;
    }
  }
  return { ok: true, request };
}
