import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { control, need } from "../../api/client";
import { keysQuery } from "../../api/queries";
import type { ApiKey, RotatedApiKey } from "../../api/types";
import { formatDateTime } from "../../format/time";
import { Button } from "../../ui/Button";
import { Select } from "../../ui/Choices";
import { Dialog, DialogActions } from "../../ui/Dialog";
import { ProblemNotice } from "../../ui/States";
import { SecretOnce } from "./SecretOnce";

/** How long both keys are good, in seconds. */
const OVERLAPS = { none: 0, hour: 3_600, day: 86_400, week: 7 * 86_400, month: 30 * 86_400 } as const;
type Overlap = keyof typeof OVERLAPS;

interface RotateKeyProps {
  org: string;
  /** The dialog is open while it is set. */
  apiKey: ApiKey | null;
  onClose: () => void;
}

/** Puts another key in a key's place; its secret is shown once, and only the button closes that part. */
export function RotateKey({ org, apiKey, onClose }: RotateKeyProps) {
  const { t } = useTranslation();
  const [made, setMade] = useState<RotatedApiKey | null>(null);
  const close = () => {
    setMade(null);
    onClose();
  };
  return (
    <Dialog
      title={made ? t("keys.made_title") : t("keys.rotate_title", { name: apiKey?.name ?? "" })}
      isOpen={apiKey !== null}
      onClose={close}
      dismissable={made === null}
    >
      {made ? (
        <>
          {made.secret ? <SecretOnce secret={made.secret} label={t("keys.secret", { name: made.name })} /> : null}
          <p className="text-ink-2">{t("keys.rotated_until", { time: formatDateTime(made.replaced_until) })}</p>
          <DialogActions>
            <Button look="primary" onPress={close} autoFocus>
              {t("keys.copied_it")}
            </Button>
          </DialogActions>
        </>
      ) : apiKey ? (
        <RotateForm org={org} apiKey={apiKey} onMade={setMade} onClose={close} />
      ) : null}
    </Dialog>
  );
}

interface RotateFormProps {
  org: string;
  apiKey: ApiKey;
  onMade: (key: RotatedApiKey) => void;
  onClose: () => void;
}

function RotateForm({ org, apiKey, onMade, onClose }: RotateFormProps) {
  const { t } = useTranslation();
  const queryClient = useQueryClient();
  const [overlap, setOverlap] = useState<Overlap>("day");
  const rotate = useMutation({
    mutationFn: () =>
      need(
        control.POST("/v1/orgs/{org}/api-keys/{key}/rotate", {
          params: { path: { org, key: apiKey.id } },
          body: { overlap_s: OVERLAPS[overlap] },
        }),
      ),
    // The answer holds a secret: nothing keeps it but the page that shows it.
    gcTime: 0,
    onSuccess: async (rotated) => {
      onMade(rotated);
      await queryClient.invalidateQueries({ queryKey: keysQuery(org).queryKey });
    },
  });
  return (
    <>
      <p className="text-ink-2">{t("keys.rotate_lead")}</p>
      <Select
        label={t("keys.overlap")}
        value={overlap}
        onChange={setOverlap}
        choices={(["none", "hour", "day", "week", "month"] as const).map((id) => ({ id, label: t(`keys.overlaps.${id}`) }))}
      />
      {overlap === "none" ? <p className="text-sm text-warn">{t("keys.overlap_none_hint")}</p> : null}
      {rotate.error ? <ProblemNotice error={rotate.error} /> : null}
      <DialogActions>
        <Button onPress={onClose}>{t("common.cancel")}</Button>
        <Button look="primary" isPending={rotate.isPending} onPress={() => rotate.mutate()}>
          {t("keys.rotate")}
        </Button>
      </DialogActions>
    </>
  );
}
