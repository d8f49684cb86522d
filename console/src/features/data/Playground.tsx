import { useMutation } from "@tanstack/react-query";
import { Search } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { baseUrl, dataClient, needExact } from "../../api/client";
import type { Collection, QueryAnswer, QueryRequest } from "../../api/types";
import { curl, KEY_PLACEHOLDER } from "../../format/snippets";
import { Card } from "../../ui/Layout";
import { CopyButton } from "../../ui/CopyButton";
import { Empty, Loading, ProblemNotice } from "../../ui/States";
import { Hits } from "./Hits";
import { QueryFields } from "./QueryFields";
import { ReceiptCard } from "./ReceiptCard";
import { buildQuery, emptyForm, type Mode, type QueryForm } from "./query";

interface PlaygroundProps {
  org: string;
  ns: string;
  collection: Collection;
}

/** The modes that a collection can answer. */
function modesOf(schema: Collection): Mode[] {
  if (schema.embedding_model) return ["hybrid", "semantic", "text", "vector"];
  const modes: Mode[] = [];
  if (schema.vector) modes.push("vector");
  if (schema.text) modes.push("text");
  return modes;
}

export function Playground({ org, ns, collection }: PlaygroundProps) {
  const { t } = useTranslation();
  const modes = modesOf(collection);
  const [form, setForm] = useState<QueryForm>(() => ({ ...emptyForm, mode: modes[0] ?? "vector" }));
  const built = buildQuery(form);
  const query = useMutation({
    mutationFn: async (body: QueryRequest) =>
      (await needExact(
        dataClient(org).POST("/v1/namespaces/{namespace}/collections/{collection}/query", {
          params: { path: { namespace: ns, collection: collection.name } },
          body,
          parseAs: "text",
        }),
      )) as QueryAnswer,
  });
  const run = () => {
    if (built.ok) query.mutate(built.request);
  };
  const url = `${baseUrl()}/v1/namespaces/${encodeURIComponent(ns)}/collections/${encodeURIComponent(collection.name)}/query`;
  return (
    <div className="grid grid-cols-[minmax(0,1fr)] items-start gap-5 lg:grid-cols-[22rem_minmax(0,1fr)]">
      <Card>
        <QueryFields form={form} onChange={setForm} modes={modes} built={built} isPending={query.isPending} onRun={run}>
          {built.ok ? (
            <CopyButton text={curl({ method: "POST", url, key: KEY_PLACEHOLDER, body: built.request })} label={t("data.query.copy")} wide className="h-8" />
          ) : null}
        </QueryFields>
      </Card>
      <div className="flex min-w-0 flex-col gap-5">
        {query.error ? <ProblemNotice error={query.error} onRetry={run} /> : null}
        {query.isPending ? (
          <Card>
            <Loading rows={4} className="p-0" />
          </Card>
        ) : query.data ? (
          <div className="grid grid-cols-[minmax(0,1fr)] items-start gap-5 xl:grid-cols-[minmax(0,1fr)_16rem]">
            <Hits hits={query.data.result.hits} />
            <ReceiptCard org={org} receipt={query.data.receipt} />
          </div>
        ) : query.error ? null : (
          <Card>
            <Empty icon={Search} title={t("data.query.idle_title")}>
              {t("data.query.idle")}
            </Empty>
          </Card>
        )}
      </div>
    </div>
  );
}
