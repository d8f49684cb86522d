/** What pages read, as TanStack queries; keys begin with the organisation so that one switch forgets another. */
import { queryOptions } from "@tanstack/react-query";
import { control, csrf, dataClient, need } from "./client";
import { allItems, PAGE_LIMIT } from "./pages";

const pageOf = (cursor: string | undefined) => ({ limit: PAGE_LIMIT, ...(cursor ? { cursor } : {}) });

/** Rows of usage that the API gives at once, at most. */
const USAGE_LIMIT = 5000;

export const meQuery = queryOptions({
  queryKey: ["me"],
  queryFn: async () => {
    const me = await need(control.GET("/v1/me"));
    csrf.set(me.csrf_token);
    return me;
  },
  staleTime: 60_000,
});

export const capturedMailQuery = (email: string) =>
  queryOptions({
    queryKey: ["captured-mail", email],
    queryFn: () => need(control.GET("/v1/auth/captured-mail", { params: { query: { email } } })),
    enabled: email !== "",
    // 404 says that mail is really sent; a refusal is not asked again.
    retry: false,
  });

export const organizationQuery = (org: string) =>
  queryOptions({
    queryKey: ["org", org],
    queryFn: () => need(control.GET("/v1/orgs/{org}", { params: { path: { org } } })),
  });

export const editionQuery = (org: string) =>
  queryOptions({
    queryKey: ["org", org, "edition"],
    queryFn: () => need(control.GET("/v1/orgs/{org}/edition", { params: { path: { org } } })),
    staleTime: 60_000,
  });

export const namespacesQuery = (org: string) =>
  queryOptions({
    queryKey: ["org", org, "namespaces"],
    queryFn: () =>
      allItems((cursor) =>
        need(control.GET("/v1/orgs/{org}/namespaces", { params: { path: { org }, query: pageOf(cursor) } })),
      ),
  });

export const keysQuery = (org: string) =>
  queryOptions({
    queryKey: ["org", org, "keys"],
    queryFn: () =>
      allItems((cursor) =>
        need(control.GET("/v1/orgs/{org}/api-keys", { params: { path: { org }, query: pageOf(cursor) } })),
      ),
  });

export interface UsageAsked {
  from: string;
  to: string;
  granularity: "hour" | "day";
  groupBy: readonly ("meter" | "key" | "namespace")[];
}

export const usageQuery = (org: string, { from, to, granularity, groupBy }: UsageAsked) =>
  queryOptions({
    queryKey: ["org", org, "usage", from, to, granularity, groupBy.join(",")],
    queryFn: async () => {
      const { items } = await allItems(async (cursor) => {
        const query = { from, to, granularity, group_by: groupBy.join(","), limit: USAGE_LIMIT, ...(cursor ? { cursor } : {}) };
        const { rows, next_cursor } = await need(control.GET("/v1/orgs/{org}/usage", { params: { path: { org }, query } }));
        return { items: rows, next_cursor: next_cursor ?? null };
      });
      return { rows: items };
    },
  });

export const invoiceQuery = (org: string) =>
  queryOptions({
    queryKey: ["org", org, "invoice"],
    queryFn: () => need(control.GET("/v1/orgs/{org}/billing/invoices/preview", { params: { path: { org } } })),
  });

export const priceBookQuery = (org: string) =>
  queryOptions({
    queryKey: ["org", org, "price-book"],
    queryFn: () => need(control.GET("/v1/orgs/{org}/billing/price-book", { params: { path: { org } } })),
    staleTime: 600_000,
  });

export const collectionsQuery = (org: string, ns: string) =>
  queryOptions({
    queryKey: ["org", org, "data", ns, "collections"],
    queryFn: () => need(dataClient(org).GET("/v1/namespaces/{namespace}/collections", { params: { path: { namespace: ns } } })),
    enabled: ns !== "",
  });
