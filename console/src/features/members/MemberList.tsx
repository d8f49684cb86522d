import type { InfiniteData, UseInfiniteQueryResult } from "@tanstack/react-query";
import { Users } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { PageOf } from "../../api/pages";
import type { Member } from "../../api/types";
import { formatDate } from "../../format/time";
import { mayGive } from "../../layout/permissions";
import { roleName } from "../../layout/role";
import { useOrg } from "../../layout/useOrg";
import { Button } from "../../ui/Button";
import { Badge, Card } from "../../ui/Layout";
import { PagedTable } from "../../ui/PagedTable";
import { Empty } from "../../ui/States";
import type { Column } from "../../ui/Table";
import { ChangeRole } from "./ChangeRole";
import { RemoveMember } from "./RemoveMember";

interface MemberListProps {
  list: UseInfiniteQueryResult<InfiniteData<PageOf<Member>>>;
  hint: string | null;
}

export function MemberList({ list, hint }: MemberListProps) {
  const { t } = useTranslation();
  const { org, organization, me } = useOrg();
  const [changing, setChanging] = useState<Member | null>(null);
  const [removing, setRemoving] = useState<Member | null>(null);
  const isMe = ({ user_id }: Member) => user_id === me.user.id;
  const columns: Column<Member>[] = [
    {
      id: "email",
      header: t("auth.email"),
      rowHeader: true,
      cell: (member) => (
        <span className="flex flex-wrap items-center gap-2">
          <span className="min-w-40 wrap-anywhere">{member.email}</span>
          {isMe(member) ? <Badge tone="accent">{t("members.you")}</Badge> : null}
        </span>
      ),
    },
    { id: "role", header: t("members.role"), cell: ({ role }) => roleName(t, role) },
    {
      id: "since",
      header: t("members.since"),
      cell: ({ since }) => <span className="whitespace-nowrap text-ink-2">{formatDate(since)}</span>,
    },
    {
      id: "actions",
      header: <span className="sr-only">{t("common.actions")}</span>,
      numeric: true,
      cell: (member) => {
        const mine = mayGive(organization.role, member.role);
        return (
          <span className="flex justify-end gap-2">
            {mine ? (
              <Button size="sm" aria-label={t("members.change_role_of", { email: member.email })} onPress={() => setChanging(member)}>
                {t("members.change_role")}
              </Button>
            ) : null}
            {isMe(member) ? (
              <Button size="sm" onPress={() => setRemoving(member)}>
                {t("members.leave")}
              </Button>
            ) : mine ? (
              <Button size="sm" aria-label={t("members.remove_whom", { email: member.email })} onPress={() => setRemoving(member)}>
                {t("members.remove")}
              </Button>
            ) : null}
          </span>
        );
      },
    },
  ];
  return (
    <Card title={t("members.list")} hint={hint} flush>
      <PagedTable
        label={t("members.list")}
        list={list}
        columns={columns}
        rowKey={({ user_id }) => user_id}
        empty={
          <Empty icon={Users} title={t("members.empty_title")}>
            {t("members.empty")}
          </Empty>
        }
      />
      <ChangeRole org={org} mine={organization.role} member={changing} isMe={changing !== null && isMe(changing)} onClose={() => setChanging(null)} />
      <RemoveMember org={org} member={removing} isMe={removing !== null && isMe(removing)} onClose={() => setRemoving(null)} />
    </Card>
  );
}
