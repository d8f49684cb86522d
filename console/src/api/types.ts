/** Names for the shapes of the generated description, taken from the operations that use them. */
import type { paths } from "../generated/openapi";

type Json<R> = R extends { content: { "application/json": infer T } } ? T : never;
type Answer<O, S extends number> = O extends { responses: Record<S, infer R> } ? Json<R> : never;
export type Body<O> = O extends { requestBody: infer R } ? Json<R> : never;

export type Me = Answer<paths["/v1/me"]["get"], 200>;
export type Session = Answer<paths["/v1/auth/login"]["post"], 200>;
export type WaitingLogIn = Answer<paths["/v1/auth/login"]["post"], 202>;
export type BegunTotp = Answer<paths["/v1/me/totp"]["post"], 201>;
export type Organization = Me["organizations"][number];
export type Role = Organization["role"];
export type OpenSession = Answer<paths["/v1/me/sessions"]["get"], 200>["items"][number];
export type Member = Answer<paths["/v1/orgs/{org}/members"]["get"], 200>["items"][number];
export type Invitation = Answer<paths["/v1/orgs/{org}/invitations"]["get"], 200>["items"][number];
export type Edition = Answer<paths["/v1/orgs/{org}/edition"]["get"], 200>;
export type CapturedMail = Answer<paths["/v1/auth/captured-mail"]["get"], 200>["messages"][number];

export type ApiKey = Answer<paths["/v1/orgs/{org}/api-keys"]["get"], 200>["items"][number];
export type NewApiKey = Body<paths["/v1/orgs/{org}/api-keys"]["post"]>;
export type CreatedApiKey = Answer<paths["/v1/orgs/{org}/api-keys"]["post"], 201>;
export type ApiKeyChange = Body<paths["/v1/orgs/{org}/api-keys/{key}"]["patch"]>;
export type RotatedApiKey = Answer<paths["/v1/orgs/{org}/api-keys/{key}/rotate"]["post"], 201>;
export type Scope = NewApiKey["scopes"][number];

type AuditEvents = paths["/v1/orgs/{org}/audit-events"]["get"];
export type AuditEvent = Answer<AuditEvents, 200>["items"][number];
export type AuditSearch = Omit<NonNullable<AuditEvents["parameters"]["query"]>, "limit" | "cursor">;

export type Namespace = Answer<paths["/v1/orgs/{org}/namespaces"]["get"], 200>["items"][number];

export type SignUp = Body<paths["/v1/auth/signup"]["post"]>;

type Usage = Answer<paths["/v1/orgs/{org}/usage"]["get"], 200>;
export type UsageRow = Usage["rows"][number];
export type MeterTotal = Usage["totals"][number];
export type Meter = MeterTotal["meter"];

export type PriceBook = Answer<paths["/v1/orgs/{org}/billing/price-book"]["get"], 200>;
type Preview = Answer<paths["/v1/orgs/{org}/billing/invoices/preview"]["get"], 200>;
type Line = Preview["lines"][number];
type Quantity = "quantity" | "included_quantity" | "billable_quantity";
/** A quantity beyond 2^53 is a `bigint`; see `needExact`. */
export type InvoiceLine = Omit<Line, Quantity> & Record<Quantity, number | bigint>;
export type InvoicePreview = Omit<Preview, "lines"> & { lines: InvoiceLine[] };
export type Money = Preview["total"];

type Collections = "/v1/namespaces/{namespace}/collections";
type One = "/v1/namespaces/{namespace}/collections/{collection}";
type Query = "/v1/namespaces/{namespace}/collections/{collection}/query";
export type Collection = Answer<paths[Collections]["get"], 200>["result"]["collections"][number];
export type CollectionSchema = Body<paths[One]["put"]>;
export type QueryRequest = Body<paths[Query]["post"]>;
export type QueryAnswer = Answer<paths[Query]["post"], 200>;
export type Receipt = QueryAnswer["receipt"];
export type Hit = QueryAnswer["result"]["hits"][number];
/** A record as it is written. */
export type NewRecord = Body<paths["/v1/namespaces/{namespace}/collections/{collection}/upsert"]["post"]>["records"][number];

type Scan = "/v1/namespaces/{namespace}/collections/{collection}/scan";
export type ScanRequest = Body<paths[Scan]["post"]>;
export type RecordPage = Answer<paths[Scan]["post"], 200>;
/** A record as it is read. Integers beyond 2^53 among attributes and metadata are `bigint`; see `needExact`. */
export type StoredRecord = RecordPage["result"]["records"][number];
