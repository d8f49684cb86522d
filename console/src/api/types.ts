/** Names for the shapes of the generated description, taken from the operations that use them. */
import type { paths } from "../generated/openapi";

type Json<R> = R extends { content: { "application/json": infer T } } ? T : never;
type Answer<O, S extends number> = O extends { responses: Record<S, infer R> } ? Json<R> : never;
export type Body<O> = O extends { requestBody: infer R } ? Json<R> : never;

export type Me = Answer<paths["/v1/me"]["get"], 200>;
export type Organization = Me["organizations"][number];
export type Edition = Answer<paths["/v1/orgs/{org}/edition"]["get"], 200>;
export type CapturedMail = Answer<paths["/v1/auth/captured-mail"]["get"], 200>["messages"][number];

export type ApiKey = Answer<paths["/v1/orgs/{org}/api-keys"]["get"], 200>["items"][number];
export type NewApiKey = Body<paths["/v1/orgs/{org}/api-keys"]["post"]>;
export type CreatedApiKey = Answer<paths["/v1/orgs/{org}/api-keys"]["post"], 201>;
export type Scope = NewApiKey["scopes"][number];

export type Namespace = Answer<paths["/v1/orgs/{org}/namespaces"]["get"], 200>["items"][number];

export type UsageRow = Answer<paths["/v1/orgs/{org}/usage"]["get"], 200>["rows"][number];
export type PriceBook = Answer<paths["/v1/orgs/{org}/billing/price-book"]["get"], 200>;
export type InvoicePreview = Answer<paths["/v1/orgs/{org}/billing/invoices/preview"]["get"], 200>;
export type InvoiceLine = InvoicePreview["lines"][number];
export type Money = InvoicePreview["total"];

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

/** A record as it is read. */
export type StoredRecord = Answer<
  paths["/v1/namespaces/{namespace}/collections/{collection}/scan"]["post"],
  200
>["result"]["records"][number];
