import { useQuery } from "@tanstack/react-query";
import { Boxes, FolderTree, Plus } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useSearchParams } from "react-router";
import { collectionsQuery, namespacesQuery } from "../../api/queries";
import type { Namespace } from "../../api/types";
import { useOrg } from "../../layout/useOrg";
import { Button } from "../../ui/Button";
import { ButtonLink } from "../../ui/ButtonLink";
import { Select } from "../../ui/Choices";
import { Card, Page } from "../../ui/Layout";
import { Empty, ListCut, Loading, ProblemNotice } from "../../ui/States";
import { CollectionView } from "./CollectionView";
import { CreateCollection } from "./CreateCollection";

export function Data() {
  const { t } = useTranslation();
  const { org, can } = useOrg();
  const namespaces = useQuery(namespacesQuery(org));
  const ready = namespaces.data?.items.filter(({ status }) => status === "ready") ?? [];
  return (
    <Page title={t("data.title")} lead={t("data.lead")}>
      {namespaces.error ? (
        <ProblemNotice error={namespaces.error} onRetry={() => void namespaces.refetch()} />
      ) : !namespaces.data ? (
        <Loading />
      ) : ready.length === 0 ? (
        <Card>
          <Empty
            icon={FolderTree}
            title={t("data.no_namespace_title")}
            action={
              can("ManageNamespaces") ? (
                <ButtonLink look="primary" to={`/orgs/${org}/start`}>
                  {t("overview.open_guide")}
                </ButtonLink>
              ) : null
            }
          >
            {t("data.no_namespace")}
          </Empty>
        </Card>
      ) : (
        <>
          <ListCut list={namespaces.data} />
          <Chosen org={org} namespaces={ready} />
        </>
      )}
    </Page>
  );
}

/** The address says which namespace and collection are open, so that a link leads back to them. */
function Chosen({ org, namespaces }: { org: string; namespaces: Namespace[] }) {
  const { t } = useTranslation();
  const { can } = useOrg();
  const [params, setParams] = useSearchParams();
  const [creating, setCreating] = useState(false);
  const ns = namespaces.find(({ name }) => name === params.get("ns"))?.name ?? namespaces[0]?.name ?? "";
  const collections = useQuery(collectionsQuery(org, ns));
  const all = collections.data?.result.collections ?? [];
  const collection = all.find(({ name }) => name === params.get("c")) ?? all[0];
  const open = (namespace: string, name?: string) => setParams(name ? { ns: namespace, c: name } : { ns: namespace });
  return (
    <>
      <div className="flex flex-wrap items-end gap-3">
        <Select
          label={t("data.namespace")}
          className="w-full sm:w-60"
          value={ns}
          onChange={(name) => open(name)}
          choices={namespaces.map(({ name }) => ({ id: name, label: name }))}
        />
        <Select
          label={t("data.collection")}
          className="w-full sm:w-60"
          value={collection?.name ?? null}
          placeholder={t("data.choose_collection")}
          isDisabled={all.length === 0}
          onChange={(name) => open(ns, name)}
          choices={all.map(({ name }) => ({ id: name, label: name }))}
        />
        {can("WriteData") ? (
          <Button size="lg" onPress={() => setCreating(true)}>
            <Plus aria-hidden className="size-4" />
            {t("data.create.action")}
          </Button>
        ) : null}
      </div>
      {collections.error ? (
        <ProblemNotice error={collections.error} onRetry={() => void collections.refetch()} />
      ) : collections.isPending ? (
        <Loading rows={5} />
      ) : collection ? (
        <CollectionView key={`${ns}/${collection.name}`} org={org} ns={ns} collection={collection} onDeleted={() => open(ns)} />
      ) : (
        <Card>
          <Empty
            icon={Boxes}
            title={t("data.empty_title", { namespace: ns })}
            action={
              can("WriteData") ? (
                <Button look="primary" onPress={() => setCreating(true)}>
                  {t("data.create.action")}
                </Button>
              ) : null
            }
          >
            {t("data.empty")}
          </Empty>
        </Card>
      )}
      <CreateCollection
        org={org}
        ns={ns}
        isOpen={creating}
        onClose={() => setCreating(false)}
        onCreated={(name) => {
          setCreating(false);
          open(ns, name);
        }}
      />
    </>
  );
}
