import type { QueryClient } from "@tanstack/react-query";
import { meQuery } from "../api/queries";
import type { Me, Organization } from "../api/types";

const change = (queryClient: QueryClient, organizations: (mine: Organization[]) => Organization[]) => {
  queryClient.setQueryData(meQuery.queryKey, (me: Me | undefined) => me && { ...me, organizations: organizations(me.organizations) });
};

/** The person belongs to it from now on, or it has another name, role or edition. */
export function putMine(queryClient: QueryClient, organization: Organization): void {
  change(queryClient, (mine) =>
    mine.some(({ id }) => id === organization.id)
      ? mine.map((one) => (one.id === organization.id ? organization : one))
      : [...mine, organization],
  );
}

/** The person belongs to it no more. Leave its pages first. */
export function dropMine(queryClient: QueryClient, org: string): void {
  change(queryClient, (mine) => mine.filter(({ id }) => id !== org));
  queryClient.removeQueries({ queryKey: ["org", org] });
}

const STORED_AS = "adb-org";

/** The organisation that was open last, for the next visit. */
export function rememberOrg(org: string): void {
  try {
    localStorage.setItem(STORED_AS, org);
  } catch {
    // Without storage the next visit begins with the first one.
  }
}

/** The organisation to begin with: the one that was open last, if the person still belongs to it. */
export function firstOrg(mine: readonly Organization[]): string | null {
  let last: string | null = null;
  try {
    last = localStorage.getItem(STORED_AS);
  } catch {
    // As above.
  }
  return (mine.find(({ id }) => id === last) ?? mine[0])?.id ?? null;
}
