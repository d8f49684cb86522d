import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type SyntheticEvent, useState } from "react";
import { Form } from "react-aria-components";
import { useTranslation } from "react-i18next";
import { dataClient, need } from "../../api/client";
import { collectionsQuery } from "../../api/queries";
import type { CollectionSchema } from "../../api/types";
import { Button } from "../../ui/Button";
import { Segments, Select } from "../../ui/Choices";
import { Dialog, DialogActions } from "../../ui/Dialog";
import { NumberField, TextField } from "../../ui/Fields";
import { ProblemNotice } from "../../ui/States";
import { isName } from "../namespaces/naming";
import { parseAttributes } from "./records";

interface CreateCollectionProps {
  org: string;
  ns: string;
  isOpen: boolean;
  onClose: () => void;
  onCreated: (name: string) => void;
}

export function CreateCollection({ isOpen, onClose, ...rest }: CreateCollectionProps) {
  const { t } = useTranslation();
  return (
    <Dialog title={t("data.create.title")} isOpen={isOpen} onClose={onClose}>
      <CreateForm onClose={onClose} {...rest} />
    </Dialog>
  );
}

type Metric = "cosine" | "dot" | "euclidean";
const METRICS = ["cosine", "dot", "euclidean"] as const;
const MODEL = "all-MiniLM-L6-v2";
const MODEL_DIMENSION = 384;

function CreateForm({ org, ns, onClose, onCreated }: Omit<CreateCollectionProps, "isOpen">) {
  const { t } = useTranslation();
  const queryClient = useQueryClient();
  const [name, setName] = useState("");
  const [kind, setKind] = useState<"text" | "vector">("text");
  const [dimension, setDimension] = useState(MODEL_DIMENSION);
  const [metric, setMetric] = useState<Metric>("cosine");
  const [attributes, setAttributes] = useState("");
  const parsed = parseAttributes(attributes);
  const create = useMutation({
    mutationFn: (body: CollectionSchema) =>
      need(dataClient(org).PUT("/v1/namespaces/{namespace}/collections/{collection}", { params: { path: { namespace: ns, collection: name } }, body })),
    onSuccess: async () => {
      await queryClient.invalidateQueries({ queryKey: collectionsQuery(org, ns).queryKey });
      onCreated(name);
    },
  });
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    if (!parsed.ok) return;
    const declared = Object.keys(parsed.attributes).length > 0 ? { attributes: parsed.attributes } : {};
    create.mutate(kind === "text" ? { embedding_model: MODEL, ...declared } : { vector: { dimension, metric }, ...declared });
  };
  return (
    <Form onSubmit={submit} className="flex flex-col gap-4">
      <TextField
        autoFocus
        label={t("data.create.name")}
        hint={t("start.namespace.hint")}
        name="name"
        mono
        isRequired
        autoComplete="off"
        value={name}
        onChange={setName}
        validate={(value) => (value === "" || isName(value) ? null : t("namespaces.name_rule"))}
      />
      <Segments
        label={t("data.create.kind")}
        hint={t(`data.create.${kind}_hint`)}
        value={kind}
        onChange={setKind}
        choices={[
          { id: "text", label: t("data.create.text") },
          { id: "vector", label: t("data.create.vector") },
        ]}
      />
      {kind === "vector" ? (
        <div className="grid grid-cols-2 gap-3">
          <NumberField
            label={t("data.create.dimension")}
            value={dimension}
            minValue={1}
            isRequired
            onChange={setDimension}
          />
          <Select
            label={t("data.create.metric")}
            value={metric}
            onChange={setMetric}
            choices={METRICS.map((id) => ({ id, label: t(`data.create.metrics.${id}`) }))}
          />
        </div>
      ) : null}
      <TextField
        label={`${t("data.create.attributes")} (${t("common.optional")})`}
        hint={t("data.create.attributes_hint")}
        placeholder={"lang: string\nyear: int"}
        rows={3}
        mono
        name="attributes"
        value={attributes}
        onChange={setAttributes}
        validate={(value) => {
          const checked = parseAttributes(value);
          return checked.ok ? null : t("data.create.attributes_bad", { line: checked.line });
        }}
      />
      {create.error ? <ProblemNotice error={create.error} /> : null}
      <DialogActions>
        <Button onPress={onClose}>{t("common.cancel")}</Button>
        <Button type="submit" look="primary" isPending={create.isPending}>
          {t("data.create.submit")}
        </Button>
      </DialogActions>
    </Form>
  );
}
