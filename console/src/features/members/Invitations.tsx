import { type InfiniteData, useMutation, type UseInfiniteQueryResult, useQueryClient } from "@tanstack/react-query";
import { MailPlus } from "lucide-react";
import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import { control, need } from "../../api/client";
import { isStatus } from "../../api/problem";
import type { PageOf } from "../../api/pages";
import { invitationsQuery } from "../../api/queries";
import type { Invitation } from "../../api/types";
import { formatDateTime } from "../../format/time";
import { roleName } from "../../layout/role";
import { useOrg } from "../../layout/useOrg";
import { Button } from "../../ui/Button";
import { Dialog, DialogActions } from "../../ui/Dialog";
import { Card } from "../../ui/Layout";
import { PagedTable } from "../../ui/PagedTable";
import { Empty, ProblemNotice } from "../../ui/States";
import type { Column } from "../../ui/Table";

interface InvitationsProps {
  list: UseInfiniteQueryResult<InfiniteData<PageOf<Invitation>>>;
  /** Invites; null for who may not. */
  action: ReactNode;
}

/** People who were asked to join and have not answered. */
export function Invitations({ list, action }: InvitationsProps) {
  const { t } = useTranslation();
  const { org, can } = useOrg();
  const [revoking, setRevoking] = useState<Invitation | null>(null);
  const columns: Column<Invitation>[] = [
    { id: "email", header: t("auth.email"), rowHeader: true, cell: ({ email }) => <span className="min-w-40 wrap-anywhere">{email}</span> },
    { id: "role", header: t("members.role"), cell: ({ role }) => roleName(t, role) },
    {
      id: "sent",
      header: t("members.sent"),
      cell: ({ created_at }) => <span className="whitespace-nowrap text-ink-2">{formatDateTime(created_at)}</span>,
    },
    {
      id: "until",
      header: t("members.good_until"),
      cell: ({ expires_at }) => <span className="whitespace-nowrap text-ink-2">{formatDateTime(expires_at)}</span>,
    },
  ];
  if (can("ManageMembers")) {
    columns.push({
      id: "revoke",
      header: <span className="sr-only">{t("members.revoke")}</span>,
      numeric: true,
      cell: (invitation) => (
        <Button size="sm" aria-label={t("members.revoke_whose", { email: invitation.email })} onPress={() => setRevoking(invitation)}>
          {t("members.revoke")}
        </Button>
      ),
    });
  }
  return (
    <Card title={t("members.invitations")} flush>
      <PagedTable
        label={t("members.invitations")}
        list={list}
        columns={columns}
        rowKey={({ id }) => id}
        empty={
          <Empty icon={MailPlus} title={t("members.no_invitations_title")} action={action}>
            {t("members.no_invitations")}
          </Empty>
        }
      />
      <RevokeInvitation org={org} invitation={revoking} onClose={() => setRevoking(null)} />
    </Card>
  );
}

function RevokeInvitation({ org, invitation, onClose }: { org: string; invitation: Invitation | null; onClose: () => void }) {
  const { t } = useTranslation();
  const queryClient = useQueryClient();
  const revoke = useMutation({
    mutationFn: async (id: string) => {
      try {
        await need(control.DELETE("/v1/orgs/{org}/invitations/{invitation}", { params: { path: { org, invitation: id } } }));
      } catch (error) {
        // Answered, revoked or too old meanwhile: it waits no more.
        if (!isStatus(error, 404)) throw error;
      }
    },
    onSuccess: async () => {
      onClose();
      await queryClient.invalidateQueries({ queryKey: invitationsQuery(org).queryKey });
    },
  });
  const close = () => {
    revoke.reset();
    onClose();
  };
  return (
    <Dialog title={t("members.revoke_title", { email: invitation?.email ?? "" })} isOpen={invitation !== null} onClose={close}>
      <p className="text-ink-2">{t("members.revoke_lead")}</p>
      {revoke.error ? <ProblemNotice error={revoke.error} /> : null}
      <DialogActions>
        <Button onPress={close}>{t("common.cancel")}</Button>
        <Button
          look="danger"
          isPending={revoke.isPending}
          onPress={() => {
            if (invitation) revoke.mutate(invitation.id);
          }}
        >
          {t("members.revoke_submit")}
        </Button>
      </DialogActions>
    </Dialog>
  );
}
