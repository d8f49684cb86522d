import createClient, { type Client } from "openapi-fetch";
import type { paths } from "../generated/openapi";
import { parseWithBigInts } from "../format/exactJson";
import { DataTokens } from "./dataTokens";
import { ProblemError, problemFrom, unreachable } from "./problem";
import { CsrfToken, needsCsrf } from "./session";

export type ApiClient = Client<paths>;

/** Where the API is: the origin the console came from. */
export const baseUrl = (): string => window.location.origin;

export const csrf = new CsrfToken(async () => {
  const response = await fetch("/v1/me", { headers: { accept: "application/json" } });
  if (!response.ok) return null;
  const me = (await response.json()) as { csrf_token?: string };
  return me.csrf_token ?? null;
});

/** Control operations: the session cookie, and the CSRF header on everything that changes something. */
export const control: ApiClient = createClient<paths>({
  baseUrl: "",
  credentials: "same-origin",
  fetch: (request) => fetch(request),
});

control.use({
  async onRequest({ request }) {
    if (!needsCsrf(request.method, new URL(request.url).pathname)) return undefined;
    const token = await csrf.get();
    if (token !== null) request.headers.set("x-csrf-token", token);
    return request;
  },
});

interface Outcome<T> {
  data?: T;
  error?: unknown;
  response: Response;
}

/** The body of a good answer; everything else is thrown as a `ProblemError`. */
export async function need<T>(call: Promise<Outcome<T>>): Promise<T> {
  let outcome: Outcome<T>;
  try {
    outcome = await call;
  } catch (cause) {
    throw cause instanceof ProblemError ? cause : new ProblemError(unreachable(cause));
  }
  if (!outcome.response.ok) throw new ProblemError(problemFrom(outcome.response, outcome.error));
  return outcome.data as T;
}

/**
 * As `need`, for a call made with `parseAs: "text"`: integers beyond 2^53 in the answer are `bigint` and keep their
 * digits, which `JSON.parse` would round.
 */
export async function needExact(call: Promise<Outcome<string>>): Promise<unknown> {
  return parseWithBigInts(await need(call));
}

export const dataTokens = new DataTokens(
  (org) => need(control.POST("/v1/orgs/{org}/console-tokens", { params: { path: { org } } })),
  () => Date.now(),
);

/**
 * Data operations of one organisation. They carry a short-lived token and no cookie; a token that is refused
 * (it was revoked, or a clock is off) is replaced once.
 */
export function dataClient(org: string): ApiClient {
  return createClient<paths>({
    baseUrl: "",
    credentials: "omit",
    fetch: async (request) => {
      const again = request.clone();
      const token = await dataTokens.get(org);
      request.headers.set("authorization", `Bearer ${token}`);
      const response = await fetch(request);
      if (response.status !== 401) return response;
      dataTokens.drop(org, token);
      again.headers.set("authorization", `Bearer ${await dataTokens.get(org)}`);
      return fetch(again);
    },
  });
}
