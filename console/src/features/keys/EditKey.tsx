import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type SyntheticEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { control, need } from "../../api/client";
import { isStatus } from "../../api/problem";
import { keysQuery } from "../../api/queries";
import type { ApiKey } from "../../api/types";
import { Button } from "../../ui/Button";
import { Dialog, DialogActions } from "../../ui/Dialog";
import { Form } from "../../ui/Form";
import { ProblemNotice } from "../../ui/States";
import { changeOf, draftOf, type Field, rebase, type Rebased } from "./draft";
import { KeyFields } from "./KeyFields";

interface EditKeyProps {
  org: string;
  /** The dialog is open while it is set. */
  apiKey: ApiKey | null;
  onClose: () => void;
}

/** Changes a key, unless somebody else has done so since it was read: then both changes are put together and looked at again. */
export function EditKey({ org, apiKey, onClose }: EditKeyProps) {
  const { t } = useTranslation();
  return (
    <Dialog title={t("keys.edit_title", { name: apiKey?.name ?? "" })} isOpen={apiKey !== null} onClose={onClose}>
      {apiKey ? <EditForm key={apiKey.id} org={org} apiKey={apiKey} onClose={onClose} /> : null}
    </Dialog>
  );
}

/** What a save came to: it is done, or the key is another one by now. */
type Saved = { current: ApiKey } | null;

function EditForm({ org, apiKey, onClose }: EditKeyProps & { apiKey: ApiKey }) {
  const { t } = useTranslation();
  const queryClient = useQueryClient();
  const [base, setBase] = useState(apiKey);
  const [draft, setDraft] = useState(() => draftOf(apiKey));
  const [conflict, setConflict] = useState<Rebased | null>(null);
  const path = { org, key: apiKey.id };
  const save = useMutation({
    mutationFn: async (): Promise<Saved> => {
      const body = changeOf(base, draft, Date.now());
      if (Object.keys(body).length === 0) return null;
      try {
        const header = { "If-Match": `"${base.version}"` };
        await need(control.PATCH("/v1/orgs/{org}/api-keys/{key}", { params: { path, header }, body }));
        return null;
      } catch (error) {
        if (!isStatus(error, 412)) throw error;
        return { current: await need(control.GET("/v1/orgs/{org}/api-keys/{key}", { params: { path } })) };
      }
    },
    onSuccess: async (moved) => {
      if (moved) {
        const rebased = rebase(base, draft, moved.current);
        setConflict(rebased);
        setBase(moved.current);
        setDraft(rebased.draft);
      } else {
        onClose();
      }
      await queryClient.invalidateQueries({ queryKey: keysQuery(org).queryKey });
    },
  });
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    save.mutate();
  };
  return (
    <Form
      onSubmit={submit}
      error={save.error}
      className="flex flex-col gap-4"
    >
      {conflict ? (
        <Conflict
          {...conflict}
          onTheirs={() => {
            setDraft(draftOf(base));
            setConflict(null);
          }}
        />
      ) : null}
      <KeyFields draft={draft} onChange={setDraft} />
      {save.error ? <ProblemNotice error={save.error} /> : null}
      <DialogActions>
        <Button onPress={onClose}>{t("common.cancel")}</Button>
        <Button type="submit" look="primary" isDisabled={draft.scopes.length === 0} isPending={save.isPending}>
          {t("keys.save")}
        </Button>
      </DialogActions>
    </Form>
  );
}

function Conflict({ theirs, both, onTheirs }: Rebased & { onTheirs: () => void }) {
  const { t } = useTranslation();
  const list = (fields: Field[]) => fields.map((field) => t(`keys.fields.${field}`)).join(", ");
  return (
    <div role="alert" className="flex flex-col items-start gap-1 rounded-lg border border-line bg-warn-soft p-3">
      <p className="font-medium">{t("keys.conflict_title")}</p>
      {theirs.length > 0 ? <p className="text-ink-2">{t("keys.conflict_theirs", { fields: list(theirs) })}</p> : null}
      {both.length > 0 ? <p className="text-ink-2">{t("keys.conflict_both", { fields: list(both) })}</p> : null}
      <p className="text-ink-2">{t("keys.conflict_next")}</p>
      <Button size="sm" className="mt-1" onPress={onTheirs}>
        {t("keys.conflict_discard")}
      </Button>
    </div>
  );
}
