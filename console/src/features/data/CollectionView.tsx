import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Trash2 } from "lucide-react";
import { useState } from "react";
import { Tab, TabList, TabPanel, Tabs } from "react-aria-components";
import { useTranslation } from "react-i18next";
import { dataClient, need } from "../../api/client";
import { collectionsQuery } from "../../api/queries";
import type { Collection } from "../../api/types";
import { formatBytes, formatNumber } from "../../format/units";
import { useOrg } from "../../layout/useOrg";
import { Button } from "../../ui/Button";
import { ConfirmByName } from "../../ui/ConfirmByName";
import { Fact } from "../../ui/Layout";
import { AddRecords } from "./AddRecords";
import { Browse } from "./Browse";
import { Playground } from "./Playground";

interface CollectionViewProps {
  org: string;
  ns: string;
  collection: Collection;
  onDeleted: () => void;
}

const tabClass =
  "cursor-pointer border-b-2 border-transparent px-1 py-2 text-sm font-medium text-ink-2 hover:text-ink data-[selected]:border-accent data-[selected]:text-ink";

export function CollectionView({ org, ns, collection, onDeleted }: CollectionViewProps) {
  const { t } = useTranslation();
  const writes = useOrg().can("WriteData");
  const [tab, setTab] = useState<string>(writes && collection.rows === 0 ? "add" : "query");
  return (
    <>
      <Facts org={org} ns={ns} collection={collection} onDeleted={onDeleted} />
      <Tabs selectedKey={tab} onSelectionChange={(key) => setTab(String(key))} className="flex flex-col gap-5">
        <TabList aria-label={collection.name} className="flex gap-5 border-b border-line">
          <Tab id="query" className={tabClass}>
            {t("data.tabs.query")}
          </Tab>
          {writes ? (
            <Tab id="add" className={tabClass}>
              {t("data.tabs.add")}
            </Tab>
          ) : null}
          <Tab id="browse" className={tabClass}>
            {t("data.tabs.browse")}
          </Tab>
        </TabList>
        <TabPanel id="query" shouldForceMount className="data-[inert]:hidden">
          <Playground org={org} ns={ns} collection={collection} />
        </TabPanel>
        {writes ? (
          <TabPanel id="add" shouldForceMount className="data-[inert]:hidden">
            <AddRecords org={org} ns={ns} collection={collection} onQuery={() => setTab("query")} />
          </TabPanel>
        ) : null}
        <TabPanel id="browse">
          <Browse org={org} ns={ns} collection={collection.name} onAdd={writes ? () => setTab("add") : null} />
        </TabPanel>
      </Tabs>
    </>
  );
}

function Facts({ org, ns, collection, onDeleted }: CollectionViewProps) {
  const { t } = useTranslation();
  const queryClient = useQueryClient();
  const writes = useOrg().can("WriteData");
  const [asking, setAsking] = useState(false);
  const remove = useMutation({
    mutationFn: () =>
      need(dataClient(org).DELETE("/v1/namespaces/{namespace}/collections/{collection}", { params: { path: { namespace: ns, collection: collection.name } } })),
    onSuccess: async () => {
      await queryClient.invalidateQueries({ queryKey: collectionsQuery(org, ns).queryKey });
      onDeleted();
    },
  });
  const attributes = Object.entries(collection.attributes).map(([name, type]) => `${name}: ${type}`);
  return (
    <div className="flex flex-wrap items-start justify-between gap-4 rounded-lg border border-line bg-surface p-4 shadow-card">
      <dl className="flex min-w-0 flex-1 flex-wrap gap-x-8 gap-y-3 text-sm">
        <Fact label={t("data.facts.records")} value={formatNumber(collection.rows)} />
        <Fact label={t("data.facts.size")} value={formatBytes(collection.logical_bytes)} />
        {collection.embedding_model ? <Fact label={t("data.facts.model")} value={collection.embedding_model} /> : null}
        {collection.vector ? (
          <Fact label={t("data.facts.vector")} value={`${collection.vector.dimension} · ${collection.vector.metric ?? "cosine"}`} />
        ) : null}
        {collection.text || collection.embedding_model ? <Fact label={t("data.facts.text")} value={t("data.facts.yes")} /> : null}
        <Fact label={t("data.facts.attributes")} value={attributes.join(", ") || t("data.facts.none")} />
      </dl>
      {writes ? (
        <Button size="sm" onPress={() => setAsking(true)}>
          <Trash2 aria-hidden className="size-3.5" />
          {t("data.delete.action")}
        </Button>
      ) : null}
      <ConfirmByName
        name={asking ? collection.name : null}
        title={t("data.delete.title", { name: collection.name })}
        lead={t("data.delete.lead")}
        typeLabel={t("data.delete.type", { name: collection.name })}
        submitLabel={t("data.delete.submit")}
        isPending={remove.isPending}
        error={remove.error}
        onConfirm={() => remove.mutate()}
        onClose={() => {
          remove.reset();
          setAsking(false);
        }}
      />
    </div>
  );
}
