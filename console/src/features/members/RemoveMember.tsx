import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { useNavigate } from "react-router";
import { control, dataTokens, need } from "../../api/client";
import { isStatus } from "../../api/problem";
import { invitationsQuery, membersQuery } from "../../api/queries";
import type { Member } from "../../api/types";
import { dropMine } from "../../layout/myOrganizations";
import { Button } from "../../ui/Button";
import { Dialog, DialogActions } from "../../ui/Dialog";
import { ProblemNotice } from "../../ui/States";

interface RemoveMemberProps {
  org: string;
  /** Who goes; the dialog is open while it is set. */
  member: Member | null;
  /** They go themselves. */
  isMe: boolean;
  onClose: () => void;
}

/** Removes somebody, or leaves. */
export function RemoveMember({ org, member, isMe, onClose }: RemoveMemberProps) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const queryClient = useQueryClient();
  const remove = useMutation({
    mutationFn: async (user: string) => {
      try {
        await need(control.DELETE("/v1/orgs/{org}/members/{user}", { params: { path: { org, user } } }));
      } catch (error) {
        // Gone already, which is what was asked for.
        if (!isStatus(error, 404)) throw error;
      }
    },
    onSuccess: async () => {
      if (isMe) {
        dataTokens.clear();
        await navigate("/organizations", { replace: true });
        dropMine(queryClient, org);
        return;
      }
      onClose();
      await Promise.all([
        queryClient.invalidateQueries({ queryKey: membersQuery(org).queryKey }),
        // Those that they sent end with them.
        queryClient.invalidateQueries({ queryKey: invitationsQuery(org).queryKey }),
      ]);
    },
  });
  const close = () => {
    remove.reset();
    onClose();
  };
  const email = member?.email ?? "";
  return (
    <Dialog
      title={isMe ? t("members.leave_title") : t("members.remove_title", { email })}
      isOpen={member !== null}
      onClose={close}
    >
      <p className="text-ink-2">{isMe ? t("members.leave_lead") : t("members.remove_lead")}</p>
      {remove.error ? <ProblemNotice error={remove.error} /> : null}
      <DialogActions>
        <Button onPress={close}>{t("common.cancel")}</Button>
        <Button
          look="danger"
          isPending={remove.isPending}
          onPress={() => {
            if (member) remove.mutate(member.user_id);
          }}
        >
          {isMe ? t("members.leave_submit") : t("members.remove_submit")}
        </Button>
      </DialogActions>
    </Dialog>
  );
}
