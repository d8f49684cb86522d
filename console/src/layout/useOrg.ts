import { useSuspenseQuery } from "@tanstack/react-query";
import { useParams } from "react-router";
import { meQuery } from "../api/queries";
import type { Me, Organization } from "../api/types";
import { may, type Permission } from "./permissions";

interface Here {
  org: string;
  organization: Organization;
  me: Me;
  /** Whether the person's role lets them do it; what it does not is not offered. */
  can: (permission: Permission) => boolean;
}

/** The organisation of the address; `Shell` has checked that the person belongs to it. */
export function useOrg(): Here {
  const { org = "" } = useParams();
  const { data: me } = useSuspenseQuery(meQuery);
  const organization = me.organizations.find((one) => one.id === org);
  if (!organization) throw new Error("a page of an organisation was drawn outside the shell");
  return { org, organization, me, can: (permission) => may(organization.role, permission) };
}
