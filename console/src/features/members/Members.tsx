import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { UserPlus } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { editionQuery, invitationsQuery, membersQuery } from "../../api/queries";
import { useOrg } from "../../layout/useOrg";
import { Button } from "../../ui/Button";
import { Page } from "../../ui/Layout";
import { Invitations } from "./Invitations";
import { Invite } from "./Invite";
import { MemberList } from "./MemberList";
import { RoleMatrix } from "./RoleMatrix";

/** Who belongs to the organisation, who is asked to, and what each may do. */
export function Members() {
  const { t } = useTranslation();
  const { org, can } = useOrg();
  const [inviting, setInviting] = useState(false);
  const members = useInfiniteQuery(membersQuery(org));
  const invitations = useInfiniteQuery(invitationsQuery(org));
  const edition = useQuery(editionQuery(org));
  const invite = can("ManageMembers") ? (
    <Button look="primary" onPress={() => setInviting(true)}>
      <UserPlus aria-hidden className="size-4" />
      {t("members.invite")}
    </Button>
  ) : null;
  // Known only when both lists are there to their ends.
  const whole = members.data && invitations.data && !members.hasNextPage && !invitations.hasNextPage;
  const count = (list: typeof members | typeof invitations) => list.data?.pages.reduce((sum, { items }) => sum + items.length, 0) ?? 0;
  const places =
    whole && edition.data
      ? t("members.places", { count: edition.data.limits.members, taken: count(members) + count(invitations) })
      : null;
  return (
    <Page title={t("members.title")} lead={t("members.lead")} actions={invite}>
      <MemberList list={members} hint={places} />
      <Invitations list={invitations} action={invite} />
      <RoleMatrix />
      <Invite org={org} isOpen={inviting} onClose={() => setInviting(false)} />
    </Page>
  );
}
