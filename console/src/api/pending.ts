/** Shapes of operations that the generated description does not have yet. */
import type { components, paths as known } from "../generated/openapi";

type Role = components["schemas"]["Role"];
type Scope = components["schemas"]["Scope"];
type Edition = components["schemas"]["Edition"];
interface Status { status: string }
interface Session { user: components["schemas"]["User"]; csrf_token: string }
interface Membership { id: string; name: string; role: Role; edition: Edition }
interface Organization { id: string; name: string; edition: Edition; created_at: string }
interface Member { user_id: string; email: string; role: Role; since: string }
interface Invitation { id: string; email: string; role: Role; created_at: string; expires_at: string }
interface OpenSession { id: string; current: boolean; browser?: string | null; last_address?: string | null; created_at: string; last_seen_at: string; expires_at: string }
interface ApiKey {
  id: string; version: number; name: string; prefix: string; namespaces: string; scopes: Scope[]; allowed_addresses: string[]; created_at: string;
  expires_at?: string | null; replaces?: string | null; replaced_by?: string | null; last_used_at?: string | null; last_used_address?: string | null;
}
interface CreateApiKey { name: string; namespaces: string; scopes: Scope[]; allowed_addresses?: string[]; expires_at?: string | null }
interface UpdateApiKey { name?: string; namespaces?: string; scopes?: Scope[]; allowed_addresses?: string[]; expires_at?: string | null }
interface AuditEvent {
  id: string; at: string; actor: { kind: string; id?: string | null; name?: string | null }; client: { address?: string | null; user_agent?: string | null };
  request_id?: string | null; action: string; target: { kind: string; id?: string | null; name?: string | null }; outcome: string; code?: string | null;
  left_out: number; details: Record<string, never>;
}
interface List<T> { items: T[]; next_cursor?: string | null }
type Problem = { headers: Record<string, unknown>; content: { "application/problem+json": components["schemas"]["Problem"] } };
interface Operation<Path, Query, Header, Body, Code extends number, Answer> {
  parameters: { query?: Query; header?: Header; cookie?: never } & (Path extends undefined ? { path?: never } : { path: Path });
  requestBody: Body extends undefined ? undefined : { content: { "application/json": Body } };
  responses: Record<Code, { headers: Record<string, unknown>; content: Answer extends undefined ? Record<string, never> : { "application/json": Answer } }> & { 400: Problem };
}
type Op<Path, Body, Code extends number, Answer, Query = never, Header = never> =
  Body extends undefined
    ? Omit<Operation<Path, Query, Header, undefined, Code, Answer>, "requestBody"> & { requestBody?: never }
    : Operation<Path, Query, Header, Body, Code, Answer>;
type None = undefined;
type NoPath = undefined;
interface OrgPath { org: string }
interface Page { limit?: number; cursor?: string }
interface Repeat { "Idempotency-Key"?: string }
interface Base { parameters: object }

type KnownEdition = known["/v1/orgs/{org}/edition"];
type Shown = KnownEdition["get"]["responses"][200]["content"]["application/json"];
export type paths = Omit<known, "/v1/orgs/{org}/edition" | "/v1/me" | "/v1/orgs/{org}" | "/v1/orgs/{org}/api-keys" | "/v1/orgs/{org}/api-keys/{key}"> & {
  "/v1/orgs/{org}/edition": Base & { get: Op<OrgPath, None, 200, Omit<Shown, "limits"> & { limits: Shown["limits"] & { members: number } }> };
  "/v1/auth/password/forgot": Base & { post: Op<NoPath, { email: string }, 202, Status> };
  "/v1/auth/password/reset": Base & { post: Op<NoPath, { token: string; password: string }, 200, Session> };
  "/v1/auth/email/confirm": Base & { post: Op<NoPath, { token: string }, 200, Status> };
  "/v1/me": Base & { get: known["/v1/me"]["get"]; delete: Op<NoPath, { current_password: string }, 202, { removed_at: string }> };
  "/v1/me/password": Base & { put: Op<NoPath, { current_password: string; new_password: string }, 204, None> };
  "/v1/me/email": Base & { put: Op<NoPath, { email: string; current_password: string }, 202, Status> };
  "/v1/me/invitations/accept": Base & { post: Op<NoPath, { token: string }, 200, Membership, never, Repeat> };
  "/v1/me/sessions": Base & { get: Op<NoPath, None, 200, { items: OpenSession[] }>; delete: Op<NoPath, None, 204, None> };
  "/v1/me/sessions/{session}": Base & { delete: Op<{ session: string }, None, 204, None> };
  "/v1/orgs": Base & { post: Op<NoPath, { name: string }, 201, Organization, never, Repeat> };
  "/v1/orgs/{org}": Base & { get: known["/v1/orgs/{org}"]["get"]; patch: Op<OrgPath, { name: string }, 200, Organization> };
  "/v1/orgs/{org}/members": Base & { get: Op<OrgPath, None, 200, List<Member>, Page> };
  "/v1/orgs/{org}/members/{user}": Base & { patch: Op<OrgPath & { user: string }, { role: Role }, 200, Member>; delete: Op<OrgPath & { user: string }, None, 204, None> };
  "/v1/orgs/{org}/invitations": Base & { get: Op<OrgPath, None, 200, List<Invitation>, Page>; post: Op<OrgPath, { email: string; role: Role }, 201, Invitation, never, Repeat> };
  "/v1/orgs/{org}/invitations/{invitation}": Base & { delete: Op<OrgPath & { invitation: string }, None, 204, None> };
  "/v1/orgs/{org}/api-keys": Base & { get: Op<OrgPath, None, 200, List<ApiKey>, Page>; post: Op<OrgPath, CreateApiKey, 201, ApiKey & { secret?: string }, never, Repeat> };
  "/v1/orgs/{org}/api-keys/{key}": Base & { get: Op<OrgPath & { key: string }, None, 200, ApiKey>; patch: Op<OrgPath & { key: string }, UpdateApiKey, 200, ApiKey, never, { "If-Match"?: string }>; delete: Op<OrgPath & { key: string }, None, 204, None> };
  "/v1/orgs/{org}/api-keys/{key}/rotate": Base & { post: Op<OrgPath & { key: string }, { overlap_s?: number }, 201, ApiKey & { secret?: string; replaced_until: string }, never, Repeat> };
  "/v1/orgs/{org}/audit-events": Base & { get: Op<OrgPath, None, 200, List<AuditEvent> & { kept_days: number }, Page & { action?: string; actor?: string; target?: string; outcome?: "done" | "refused"; from?: string; to?: string }> };
};
