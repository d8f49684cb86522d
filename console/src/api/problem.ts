/**
 * Errors of the API as the console handles them: every refusal is a `ProblemError`, also when no answer came
 * at all (status 0, code `unreachable`) or when something between us and the service answered instead of it.
 */

export interface FieldProblem {
  pointer: string;
  code: string;
  detail: string;
}

export interface Problem {
  status: number;
  code: string;
  title: string;
  detail: string;
  requestId: string | null;
  help: string | null;
  errors: FieldProblem[];
  /** Seconds to wait, from `Retry-After`. */
  retryAfter: number | null;
  /** All members of the answer, for those that only some codes have. */
  members: Record<string, unknown>;
}

export class ProblemError extends Error {
  readonly problem: Problem;

  constructor(problem: Problem) {
    super(`${problem.code}: ${problem.detail || problem.title}`);
    this.name = "ProblemError";
    this.problem = problem;
  }
}

const text = (value: unknown): string | null => (typeof value === "string" && value !== "" ? value : null);

function fieldProblems(value: unknown): FieldProblem[] {
  if (!Array.isArray(value)) return [];
  return value.flatMap((entry: unknown) => {
    if (typeof entry !== "object" || entry === null) return [];
    const { pointer, code, detail } = entry as Record<string, unknown>;
    return [{ pointer: text(pointer) ?? "", code: text(code) ?? "invalid", detail: text(detail) ?? "" }];
  });
}

function retryAfter(response: Response): number | null {
  const seconds = Number(response.headers.get("retry-after") ?? Number.NaN);
  return Number.isFinite(seconds) && seconds >= 0 ? seconds : null;
}

/** Reads a refused response. `body` is what the client parsed, if it was JSON. */
export function problemFrom(response: Response, body: unknown): Problem {
  const fields = (typeof body === "object" && body !== null ? body : {}) as Record<string, unknown>;
  return {
    status: response.status,
    code: text(fields["code"]) ?? `http_${response.status}`,
    title: text(fields["title"]) ?? (response.statusText || `HTTP ${response.status}`),
    detail: text(fields["detail"]) ?? "",
    requestId: text(fields["request_id"]) ?? response.headers.get("x-request-id"),
    help: text(fields["help"]),
    errors: fieldProblems(fields["errors"]),
    retryAfter: retryAfter(response),
    members: fields,
  };
}

export function unreachable(cause: unknown): Problem {
  return {
    status: 0,
    code: "unreachable",
    title: "The service did not answer",
    detail: cause instanceof Error ? cause.message : String(cause),
    requestId: null,
    help: null,
    errors: [],
    retryAfter: null,
    members: {},
  };
}

/** Any thrown value as a problem, so that a page can always say what happened. */
export function toProblem(error: unknown): Problem {
  return error instanceof ProblemError ? error.problem : unreachable(error);
}

export const isStatus = (error: unknown, status: number): boolean =>
  error instanceof ProblemError && error.problem.status === status;

/** Whether a refusal names this field of the request, by its JSON pointer. */
export const names = (problem: Problem | null, pointer: string): boolean =>
  problem?.errors.some((error) => error.pointer === pointer) ?? false;

const NO_FIELDS: Record<string, string> = {};
const fieldsOf = new WeakMap<Problem, Record<string, string>>();

/**
 * The fields of a form that a refusal names, by the last segment of each JSON pointer that is no place in a list.
 * React Aria forms take this as `validationErrors`. It is the same object each time for the same refusal: the forms take
 * another object for another refusal, and would hold a field that has been corrected to be wrong still.
 */
export function fieldErrors(problem: Problem | null): Record<string, string> {
  if (problem === null || problem.errors.length === 0) return NO_FIELDS;
  let named = fieldsOf.get(problem);
  if (!named) {
    named = {};
    for (const { pointer, detail, code } of problem.errors) {
      const name = pointer.split("/").findLast((segment) => !/^\d+$/.test(segment));
      if (name) named[name] = detail || code;
    }
    fieldsOf.set(problem, named);
  }
  return named;
}

/** What a person can do about a problem; the key of the advice in the texts. */
export type WayOut =
  | "log_in"
  | "retry"
  | "wait"
  | "upgrade"
  | "limit"
  | "budget"
  | "permission"
  | "gone"
  | "fix_input"
  | "other_link"
  | "state"
  | "reload"
  | "support";

/** Codes whose way out differs from that of their status. */
const BY_CODE: Partial<Record<string, WayOut>> = {
  feature_not_in_edition: "upgrade",
  limit_exceeded: "limit",
  included_amount_used: "upgrade",
  conflict: "state",
  csrf_failed: "reload",
};

/** The service explains each of its codes on a page; what the console names itself has none. */
export const codePage = (problem: Problem): string | null =>
  problem.status === 0 || problem.code.startsWith("http_") ? null : `/docs/errors/${encodeURIComponent(problem.code)}`;

export function wayOut(problem: Problem): WayOut {
  const known = BY_CODE[problem.code];
  if (known) return known;
  // The token of a mail's link: nothing that a person could correct.
  if (names(problem, "/token")) return "other_link";
  switch (problem.status) {
    case 0:
    case 503:
    case 504:
      return "retry";
    case 401:
      return "log_in";
    case 402:
      return "budget";
    case 403:
      return "permission";
    case 404:
      return "gone";
    case 429:
      return "wait";
    case 409:
    case 412:
      return "reload";
    default:
      return problem.status >= 500 ? "support" : "fix_input";
  }
}
