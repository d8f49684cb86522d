import { useSuspenseQuery } from "@tanstack/react-query";
import { useParams } from "react-router";
import { meQuery } from "../api/queries";
import type { Me, Organization } from "../api/types";

/** The organisation of the address; `Shell` has checked that the person belongs to it. */
export function useOrg(): { org: string; organization: Organization; me: Me } {
  const { org = "" } = useParams();
  const { data: me } = useSuspenseQuery(meQuery);
  const organization = me.organizations.find((one) => one.id === org);
  if (!organization) throw new Error("a page of an organisation was drawn outside the shell");
  return { org, organization, me };
}
