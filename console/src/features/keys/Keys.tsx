import { useInfiniteQuery } from "@tanstack/react-query";
import { KeyRound, Plus } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { keyPagesQuery } from "../../api/queries";
import type { ApiKey } from "../../api/types";
import { useOrg } from "../../layout/useOrg";
import { Button } from "../../ui/Button";
import { Card, Page } from "../../ui/Layout";
import { Empty } from "../../ui/States";
import { CreateKey } from "./CreateKey";
import { EditKey } from "./EditKey";
import { type KeyAction, KeyTable } from "./KeyTable";
import { RevokeKey } from "./RevokeKey";
import { RotateKey } from "./RotateKey";

export function Keys() {
  const { t } = useTranslation();
  const { org, can } = useOrg();
  const [creating, setCreating] = useState(false);
  const [doing, setDoing] = useState<{ action: KeyAction; key: ApiKey } | null>(null);
  const list = useInfiniteQuery(keyPagesQuery(org));
  const asked = (action: KeyAction) => (doing?.action === action ? doing.key : null);
  const done = () => setDoing(null);
  const create = can("ManageApiKeys") ? (
    <Button look="primary" onPress={() => setCreating(true)}>
      <Plus aria-hidden className="size-4" />
      {t("keys.create")}
    </Button>
  ) : null;
  return (
    <Page title={t("keys.title")} lead={t("keys.lead")} actions={create}>
      <Card flush>
        <KeyTable
          list={list}
          onAction={(action, key) => setDoing({ action, key })}
          empty={
            <Empty icon={KeyRound} title={t("keys.empty_title")} action={create}>
              {t("keys.empty")}
            </Empty>
          }
        />
      </Card>
      <CreateKey org={org} isOpen={creating} onClose={() => setCreating(false)} />
      <EditKey org={org} apiKey={asked("edit")} onClose={done} />
      <RotateKey org={org} apiKey={asked("rotate")} onClose={done} />
      <RevokeKey org={org} apiKey={asked("revoke")} onClose={done} />
    </Page>
  );
}
