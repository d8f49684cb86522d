import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type SyntheticEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { control, need } from "../../api/client";
import { invitationsQuery } from "../../api/queries";
import { RepeatKey } from "../../api/repeat";
import type { Invitation, Role } from "../../api/types";
import { formatDate } from "../../format/time";
import { mayGive, ROLES } from "../../layout/permissions";
import { useOrg } from "../../layout/useOrg";
import { Button } from "../../ui/Button";
import { Radios } from "../../ui/Choices";
import { Dialog, DialogActions } from "../../ui/Dialog";
import { TextField } from "../../ui/Fields";
import { Form } from "../../ui/Form";
import { ProblemNotice } from "../../ui/States";
import { CapturedMail } from "../auth/CapturedMail";
import { useCapturedMail } from "../auth/useCapturedMail";

interface InviteProps {
  org: string;
  isOpen: boolean;
  onClose: () => void;
}

/** Asks somebody to join, by mail. */
export function Invite({ org, isOpen, onClose }: InviteProps) {
  const { t } = useTranslation();
  const [sent, setSent] = useState<Invitation | null>(null);
  const close = () => {
    setSent(null);
    onClose();
  };
  return (
    <Dialog title={sent ? t("members.invited_title") : t("members.invite")} isOpen={isOpen} onClose={close}>
      {sent ? <Sent invitation={sent} onMore={() => setSent(null)} onClose={close} /> : <InviteForm org={org} onSent={setSent} onClose={close} />}
    </Dialog>
  );
}

interface InviteFormProps {
  org: string;
  onSent: (invitation: Invitation) => void;
  onClose: () => void;
}

function InviteForm({ org, onSent, onClose }: InviteFormProps) {
  const { t } = useTranslation();
  const { organization } = useOrg();
  const queryClient = useQueryClient();
  const [email, setEmail] = useState("");
  const [role, setRole] = useState<Role>("developer");
  const [repeat] = useState(() => new RepeatKey());
  const invite = useMutation({
    mutationFn: () => {
      const body = { email, role };
      return need(
        control.POST("/v1/orgs/{org}/invitations", {
          params: { path: { org }, header: { "Idempotency-Key": repeat.of(body) } },
          body,
        }),
      );
    },
    onSuccess: async (invitation) => {
      repeat.done();
      onSent(invitation);
      await queryClient.invalidateQueries({ queryKey: invitationsQuery(org).queryKey });
    },
  });
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    invite.mutate();
  };
  return (
    <Form
      onSubmit={submit}
      error={invite.error}
      className="flex flex-col gap-4"
    >
      <TextField
        autoFocus
        label={t("auth.email")}
        hint={t("members.invite_hint")}
        name="email"
        type="email"
        isRequired
        autoComplete="off"
        value={email}
        onChange={setEmail}
      />
      <Radios
        label={t("members.role")}
        value={role}
        onChange={setRole}
        choices={ROLES.filter((one) => mayGive(organization.role, one))
          .reverse()
          .map((id) => ({ id, label: t(`roles.${id}.name`), hint: t(`roles.${id}.hint`) }))}
      />
      {invite.error ? <ProblemNotice error={invite.error} onRetry={() => invite.mutate()} /> : null}
      <DialogActions>
        <Button onPress={onClose}>{t("common.cancel")}</Button>
        <Button type="submit" look="primary" isPending={invite.isPending}>
          {t("members.invite_submit")}
        </Button>
      </DialogActions>
    </Form>
  );
}

function Sent({ invitation, onMore, onClose }: { invitation: Invitation; onMore: () => void; onClose: () => void }) {
  const { t } = useTranslation();
  const { isCaptured, message } = useCapturedMail(invitation.email, "/invitation");
  return (
    <>
      <p role="status" className="text-ink-2">
        {t("members.invited", { email: invitation.email, day: formatDate(invitation.expires_at) })}
      </p>
      {isCaptured ? <CapturedMail message={message} openLabel={t("members.copy_link")} forSomebodyElse /> : null}
      <DialogActions>
        <Button onPress={onMore}>{t("members.invite_another")}</Button>
        <Button look="primary" onPress={onClose} autoFocus>
          {t("common.done")}
        </Button>
      </DialogActions>
    </>
  );
}
