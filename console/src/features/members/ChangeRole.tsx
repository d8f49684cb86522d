import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { control, need } from "../../api/client";
import { meQuery, membersQuery, invitationsQuery } from "../../api/queries";
import type { Member, Role } from "../../api/types";
import { mayGive, ROLES } from "../../layout/permissions";
import { Button } from "../../ui/Button";
import { Radios } from "../../ui/Choices";
import { Dialog, DialogActions } from "../../ui/Dialog";
import { ProblemNotice } from "../../ui/States";

interface ChangeRoleProps {
  org: string;
  /** The role of who changes it: what they may not give is not offered. */
  mine: Role;
  /** Whose; the dialog is open while it is set. */
  member: Member | null;
  isMe: boolean;
  onClose: () => void;
}

export function ChangeRole({ member, onClose, ...props }: ChangeRoleProps) {
  const { t } = useTranslation();
  return (
    <Dialog title={t("members.change_role_of", { email: member?.email ?? "" })} isOpen={member !== null} onClose={onClose}>
      {member ? <RoleForm key={member.user_id} member={member} onClose={onClose} {...props} /> : null}
    </Dialog>
  );
}

function RoleForm({ org, mine, member, isMe, onClose }: Omit<ChangeRoleProps, "member"> & { member: Member }) {
  const { t } = useTranslation();
  const queryClient = useQueryClient();
  const [role, setRole] = useState<Role>(member.role);
  const change = useMutation({
    mutationFn: () =>
      need(control.PATCH("/v1/orgs/{org}/members/{user}", { params: { path: { org, user: member.user_id } }, body: { role } })),
    onSuccess: async () => {
      onClose();
      await Promise.all([
        queryClient.invalidateQueries({ queryKey: membersQuery(org).queryKey }),
        // With a lower role the invitations that they sent end, too.
        queryClient.invalidateQueries({ queryKey: invitationsQuery(org).queryKey }),
        isMe ? queryClient.invalidateQueries({ queryKey: meQuery.queryKey, exact: true }) : null,
      ]);
    },
  });
  const choices = ROLES.filter((one) => mayGive(mine, one) || one === member.role).reverse();
  return (
    <>
      <Radios
        label={t("members.role")}
        value={role}
        onChange={setRole}
        choices={choices.map((id) => ({ id, label: t(`roles.${id}.name`), hint: t(`roles.${id}.hint`) }))}
      />
      {isMe ? <p className="text-sm text-warn">{t("members.own_role")}</p> : null}
      <p className="text-xs text-ink-3">{t("members.change_role_hint")}</p>
      {change.error ? <ProblemNotice error={change.error} /> : null}
      <DialogActions>
        <Button onPress={onClose}>{t("common.cancel")}</Button>
        <Button look="primary" isDisabled={role === member.role} isPending={change.isPending} onPress={() => change.mutate()}>
          {t("members.change_role")}
        </Button>
      </DialogActions>
    </>
  );
}
