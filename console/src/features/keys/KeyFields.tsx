import { useTranslation } from "react-i18next";
import { Checks, Select } from "../../ui/Choices";
import { TextField } from "../../ui/Fields";
import { EXPIRIES, type KeyDraft, localMinute } from "./draft";

interface KeyFieldsProps {
  draft: KeyDraft;
  onChange: (draft: KeyDraft) => void;
}

const TOMORROW_MS = 86_400_000;

/** What a key may have: the same for one that is made and one that is changed. */
export function KeyFields({ draft, onChange }: KeyFieldsProps) {
  const { t } = useTranslation();
  const set = (part: Partial<KeyDraft>) => onChange({ ...draft, ...part });
  return (
    <>
      <TextField
        autoFocus
        label={t("keys.name")}
        hint={t("keys.name_hint")}
        name="name"
        isRequired
        maxLength={100}
        autoComplete="off"
        value={draft.name}
        onChange={(name) => set({ name })}
      />
      <TextField
        label={t("keys.namespaces")}
        hint={t("keys.namespaces_hint")}
        name="namespaces"
        mono
        isRequired
        autoComplete="off"
        value={draft.namespaces}
        onChange={(namespaces) => set({ namespaces })}
      />
      <Checks
        label={t("keys.scopes")}
        name="scopes"
        value={draft.scopes}
        onChange={(scopes) => set({ scopes })}
        choices={(["read", "write", "admin"] as const).map((id) => ({
          id,
          label: t(`keys.scope.${id}`),
          hint: t(`keys.scope.${id}_hint`),
        }))}
      />
      <TextField
        label={t("keys.addresses")}
        hint={t("keys.addresses_hint")}
        name="allowed_addresses"
        mono
        rows={2}
        autoComplete="off"
        placeholder={"203.0.113.7\n10.0.0.0/8"}
        value={draft.addresses}
        onChange={(addresses) => set({ addresses })}
      />
      <div className="grid gap-4 sm:grid-cols-2">
        <Select
          label={t("keys.expiry")}
          value={draft.expiry}
          onChange={(expiry) =>
            set({ expiry, ...(expiry === "at" && draft.at === "" ? { at: localMinute(new Date(Date.now() + TOMORROW_MS).toISOString()) } : {}) })
          }
          choices={EXPIRIES.map((id) => ({ id, label: t(`keys.expiries.${id}`) }))}
        />
        {draft.expiry === "at" ? (
          <TextField
            label={t("keys.expires_at")}
            name="expires_at"
            type="datetime-local"
            isRequired
            value={draft.at}
            onChange={(at) => set({ at })}
          />
        ) : null}
      </div>
    </>
  );
}
