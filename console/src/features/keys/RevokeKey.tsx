import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { control, need } from "../../api/client";
import { keysQuery } from "../../api/queries";
import type { ApiKey } from "../../api/types";
import { Button } from "../../ui/Button";
import { Dialog, DialogActions } from "../../ui/Dialog";
import { ProblemNotice } from "../../ui/States";

export function RevokeKey({ org, apiKey, onClose }: { org: string; apiKey: ApiKey | null; onClose: () => void }) {
  const { t } = useTranslation();
  const queryClient = useQueryClient();
  const revoke = useMutation({
    mutationFn: (key: string) => need(control.DELETE("/v1/orgs/{org}/api-keys/{key}", { params: { path: { org, key } } })),
    onSuccess: async () => {
      await queryClient.invalidateQueries({ queryKey: keysQuery(org).queryKey });
      onClose();
    },
  });
  const close = () => {
    revoke.reset();
    onClose();
  };
  return (
    <Dialog title={t("keys.revoke_title", { name: apiKey?.name ?? "" })} isOpen={apiKey !== null} onClose={close}>
      <p className="text-ink-2">{t("keys.revoke_lead")}</p>
      {revoke.error ? <ProblemNotice error={revoke.error} /> : null}
      <DialogActions>
        <Button onPress={close}>{t("common.cancel")}</Button>
        <Button
          look="danger"
          isPending={revoke.isPending}
          onPress={() => {
            if (apiKey) revoke.mutate(apiKey.id);
          }}
        >
          {t("keys.revoke_submit")}
        </Button>
      </DialogActions>
    </Dialog>
  );
}
