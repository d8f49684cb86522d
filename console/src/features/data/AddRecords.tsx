import { useMutation, useQueryClient } from "@tanstack/react-query";
import { CircleCheck } from "lucide-react";
import { type SyntheticEvent, useState } from "react";
import { Form } from "react-aria-components";
import { useTranslation } from "react-i18next";
import { dataClient, need } from "../../api/client";
import type { Collection, NewRecord } from "../../api/types";
import { Button } from "../../ui/Button";
import { Segments } from "../../ui/Choices";
import { TextField } from "../../ui/Fields";
import { Card } from "../../ui/Layout";
import { ProblemNotice } from "../../ui/States";
import { ReceiptCard } from "./ReceiptCard";
import { EXAMPLE_TEXTS, type Parsed, recordsFromJson, recordsFromText } from "./records";

interface AddRecordsProps {
  org: string;
  ns: string;
  collection: Collection;
  onQuery: () => void;
}

export function AddRecords({ org, ns, collection, onQuery }: AddRecordsProps) {
  const { t } = useTranslation();
  const queryClient = useQueryClient();
  const takesText = Boolean(collection.embedding_model);
  const [form, setForm] = useState<"text" | "json">(takesText ? "text" : "json");
  const [text, setText] = useState("");
  const [json, setJson] = useState("");
  const parsed: Parsed = form === "text" ? { ok: true, records: recordsFromText(text) } : recordsFromJson(json);
  const add = useMutation({
    mutationFn: (records: NewRecord[]) =>
      need(
        dataClient(org).POST("/v1/namespaces/{namespace}/collections/{collection}/upsert", {
          params: { path: { namespace: ns, collection: collection.name } },
          body: { records },
        }),
      ),
    onSuccess: () => queryClient.invalidateQueries({ queryKey: ["org", org, "data", ns] }),
  });
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    if (parsed.ok && parsed.records.length > 0) add.mutate(parsed.records);
  };
  const count = parsed.ok ? parsed.records.length : 0;
  return (
    <div className="grid grid-cols-[minmax(0,1fr)] items-start gap-5 lg:grid-cols-[minmax(0,1fr)_18rem]">
      <Card>
        <Form onSubmit={submit} className="flex flex-col gap-4">
          {takesText ? (
            <Segments
              label={t("data.add.form")}
              hideLabel
              value={form}
              onChange={setForm}
              choices={[
                { id: "text", label: t("data.add.text") },
                { id: "json", label: t("data.add.json") },
              ]}
            />
          ) : null}
          {form === "text" ? (
            <TextField
              label={t("data.add.texts")}
              hint={t("data.add.lead")}
              placeholder={t("data.add.placeholder")}
              rows={8}
              name="texts"
              value={text}
              onChange={setText}
            />
          ) : (
            <TextField
              label={t("data.add.records")}
              hint={t("data.add.records_hint")}
              placeholder={'[{"id": "a", "text": "…"}]'}
              rows={10}
              mono
              name="records"
              isInvalid={json.trim() !== "" && !parsed.ok}
              value={json}
              onChange={setJson}
            />
          )}
          {form === "json" && json.trim() !== "" && !parsed.ok ? (
            <p className="text-xs text-danger">
              {"integer" in parsed ? t("data.inexact_integer", { integer: parsed.integer }) : t("data.add.bad_json", { why: parsed.why })}
            </p>
          ) : null}
          {add.error ? <ProblemNotice error={add.error} /> : null}
          <div className="flex flex-wrap gap-2">
            <Button type="submit" look="primary" isDisabled={count === 0} isPending={add.isPending}>
              {t("data.add.submit", { count })}
            </Button>
            {form === "text" ? (
              <Button onPress={() => setText(EXAMPLE_TEXTS)}>{t("data.add.example")}</Button>
            ) : null}
          </div>
          <div role="status">
            {add.data ? (
              <div className="flex flex-wrap items-center gap-3 rounded-lg bg-ok-soft p-3">
                <CircleCheck aria-hidden className="size-4 shrink-0 text-ok" />
                <p className="min-w-0 flex-1">
                  {t("data.add.done", { count: add.variables.length, commit: add.data.receipt.commit })}
                </p>
                <Button size="sm" onPress={onQuery}>
                  {t("data.add.to_query")}
                </Button>
              </div>
            ) : null}
          </div>
        </Form>
      </Card>
      {add.data ? <ReceiptCard org={org} receipt={add.data.receipt} /> : null}
    </div>
  );
}
