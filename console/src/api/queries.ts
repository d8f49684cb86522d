/** What pages read, as TanStack queries; keys begin with the organisation so that one switch forgets another. */
import { queryOptions } from "@tanstack/react-query";
import { control, csrf, dataClient, need, needExact } from "./client";
import { allItems, PAGE_LIMIT, pagedQuery, SHOWN_AT_ONCE } from "./pages";
import type { AuditSearch, InvoicePreview, Meter } from "./types";

const pageOf = (cursor: string | undefined, limit: number = PAGE_LIMIT) => ({ limit, ...(cursor ? { cursor } : {}) });

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

export const sessionsQuery = queryOptions({
  queryKey: ["me", "sessions"],
  queryFn: async () => (await need(control.GET("/v1/me/sessions"))).items,
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

/** The keys, to be looked through; forgotten together with `keysQuery`. */
export const keyPagesQuery = (org: string) =>
  pagedQuery([...keysQuery(org).queryKey, "pages"], (cursor) =>
    need(control.GET("/v1/orgs/{org}/api-keys", { params: { path: { org }, query: pageOf(cursor, SHOWN_AT_ONCE) } })),
  );

export const membersQuery = (org: string) =>
  pagedQuery(["org", org, "members"], (cursor) =>
    need(control.GET("/v1/orgs/{org}/members", { params: { path: { org }, query: pageOf(cursor, SHOWN_AT_ONCE) } })),
  );

export const invitationsQuery = (org: string) =>
  pagedQuery(["org", org, "invitations"], (cursor) =>
    need(control.GET("/v1/orgs/{org}/invitations", { params: { path: { org }, query: pageOf(cursor, SHOWN_AT_ONCE) } })),
  );

export const auditQuery = (org: string, search: AuditSearch) =>
  pagedQuery(["org", org, "audit", search], (cursor) => {
    const query = { ...search, ...pageOf(cursor, SHOWN_AT_ONCE) };
    return need(control.GET("/v1/orgs/{org}/audit-events", { params: { path: { org }, query } }));
  });

/** Everything that is read of an organisation's usage; for asking anew. */
export const usageKey = (org: string) => ["org", org, "usage"] as const;

interface Period {
  /** RFC 3339, a full UTC hour, contained. */
  from: string;
  /** RFC 3339, a full UTC hour, not contained. */
  to: string;
}

interface TotalsAsked extends Period {
  /** This key's usage alone. */
  keyId?: string;
}

/** Sums by meter over a period: the service adds up, so they are whole however many rows there are. */
export const usageTotalsQuery = (org: string, { from, to, keyId }: TotalsAsked) =>
  queryOptions({
    queryKey: [...usageKey(org), "totals", from, to, keyId ?? ""],
    queryFn: async () => {
      // Rows are not looked at; the API gives one at least.
      const query = { from, to, granularity: "day" as const, group_by: "meter", limit: 1, ...(keyId ? { key_id: keyId } : {}) };
      const { totals } = await need(control.GET("/v1/orgs/{org}/usage", { params: { path: { org }, query } }));
      return totals;
    },
  });

interface RowsAsked extends Period {
  meter: Meter;
  granularity: "hour" | "day";
  groupBy: "none" | "key" | "namespace";
}

/** One meter's usage over time, in the order of time; `complete` says whether all rows are there. */
export const usageRowsQuery = (org: string, { from, to, meter, granularity, groupBy }: RowsAsked) =>
  queryOptions({
    queryKey: [...usageKey(org), "rows", from, to, meter, granularity, groupBy],
    queryFn: async () => {
      const group_by = groupBy === "none" ? "meter" : `meter,${groupBy}`;
      const { items, complete } = await allItems(async (cursor) => {
        const query = { from, to, meter, granularity, group_by, limit: USAGE_LIMIT, ...(cursor ? { cursor } : {}) };
        const { rows, next_cursor } = await need(control.GET("/v1/orgs/{org}/usage", { params: { path: { org }, query } }));
        return { items: rows, next_cursor: next_cursor ?? null };
      });
      return { rows: items, complete };
    },
  });

export const invoiceQuery = (org: string) =>
  queryOptions({
    queryKey: ["org", org, "invoice"],
    queryFn: async () =>
      (await needExact(
        control.GET("/v1/orgs/{org}/billing/invoices/preview", { params: { path: { org } }, parseAs: "text" }),
      )) as InvoicePreview,
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
