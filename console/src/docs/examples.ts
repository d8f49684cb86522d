/** Bodies that make sense, by operation; a change of the API that they do not fit does not compile. */
import type { paths } from "../generated/openapi";
import type { Body } from "../api/types";

type Auth<P extends keyof paths> = paths[P] extends { post: infer O } ? Body<O> : never;
type Records<V extends "upsert" | "patch" | "delete" | "fetch" | "scan" | "count" | "query"> = Body<
  paths[`/v1/namespaces/{namespace}/collections/{collection}/${V}`]["post"]
>;

/** A program has no cookie of the sign-up, so it gives the password. */
const VERIFICATION = { token: "TOKEN_OF_THE_LINK", password: "correct horse battery staple" };

export const EXAMPLES: Readonly<Partial<Record<string, unknown>>> = {
  sign_up: {
    email: "ada@example.com",
    password: "correct horse battery staple",
    organization_name: "Analytical Engines",
  } satisfies Auth<"/v1/auth/signup">,
  log_in: { email: "ada@example.com", password: "correct horse battery staple" } satisfies Auth<"/v1/auth/login">,
  verify_email: VERIFICATION satisfies Auth<"/v1/auth/verify">,
  create_api_key: {
    name: "support-bot production",
    namespaces: "support-*",
    scopes: ["read", "write"],
  } satisfies Body<paths["/v1/orgs/{org}/api-keys"]["post"]>,
  put_namespace: { labels: { team: "support" } } satisfies Body<paths["/v1/orgs/{org}/namespaces/{ns}"]["put"]>,
  put_collection: {
    embedding_model: "all-MiniLM-L6-v2",
    attributes: { lang: "string", year: "int" },
  } satisfies Body<paths["/v1/namespaces/{namespace}/collections/{collection}"]["put"]>,
  upsert_records: {
    records: [{ id: "refunds", text: "Refunds reach the card within five working days." }],
  } satisfies Records<"upsert">,
  patch_records: { patches: [{ id: "refunds", text: "Refunds reach the card within three working days." }] } satisfies Records<"patch">,
  delete_records: { ids: ["refunds"] } satisfies Records<"delete">,
  fetch_records: { ids: ["refunds"], include: ["text"] } satisfies Records<"fetch">,
  scan_records: { limit: 50 } satisfies Records<"scan">,
  count_records: {} satisfies Records<"count">,
  query_records: { text: "how do I reset my password", mode: "hybrid", top_k: 3 } satisfies Records<"query">,
};
