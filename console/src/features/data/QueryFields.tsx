import { Filter } from "lucide-react";
import type { SyntheticEvent, ReactNode } from "react";
import { Button as AriaButton, Disclosure, DisclosurePanel, Form, Label, Slider, SliderThumb, SliderTrack } from "react-aria-components";
import { useTranslation } from "react-i18next";
import { Button } from "../../ui/Button";
import { Segments } from "../../ui/Choices";
import { NumberField, TextField } from "../../ui/Fields";
import type { Built, Fusion, Mode, QueryForm } from "./query";

const TOP_K_MAX = 1000;

interface QueryFieldsProps {
  form: QueryForm;
  onChange: (form: QueryForm) => void;
  modes: readonly Mode[];
  built: Built;
  isPending: boolean;
  onRun: () => void;
  /** More buttons beside "Run". */
  children: ReactNode;
}

export function QueryFields({ form, onChange, modes, built, isPending, onRun, children }: QueryFieldsProps) {
  const { t } = useTranslation();
  const set = (part: Partial<QueryForm>) => onChange({ ...form, ...part });
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    onRun();
  };
  const badVector = !built.ok && built.field === "vector" && form.vector.trim() !== "";
  return (
    <Form onSubmit={submit} className="flex flex-col gap-4">
      <Segments<Mode>
        label={t("data.query.mode")}
        hint={t(`data.query.mode_hint.${form.mode}`)}
        value={form.mode}
        onChange={(mode) => set({ mode })}
        choices={modes.map((id) => ({ id, label: t(`data.query.modes.${id}`) }))}
      />
      {form.mode === "vector" ? (
        <>
          <TextField
            label={t("data.query.vector")}
            rows={3}
            mono
            name="vector"
            placeholder="[0.12, -0.4, …]"
            isInvalid={badVector}
            value={form.vector}
            onChange={(vector) => set({ vector })}
          />
          {badVector ? <p className="text-xs text-danger">{t("data.query.vector_bad")}</p> : null}
        </>
      ) : (
        <TextField
          label={t("data.query.text")}
          name="question"
          isRequired
          autoComplete="off"
          placeholder={t("data.query.text_placeholder")}
          value={form.text}
          onChange={(text) => set({ text })}
        />
      )}
      {form.mode === "hybrid" ? <FusionFields form={form} set={set} /> : null}
      <NumberField
        label={t("data.query.top_k")}
        className="w-24"
        value={form.topK}
        minValue={1}
        maxValue={TOP_K_MAX}
        onChange={(topK) => set({ topK })}
      />
      <FilterFields form={form} set={set} refused={!built.ok && built.field === "params" ? built : null} />
      <div className="flex flex-wrap gap-2">
        <Button type="submit" look="primary" isPending={isPending} isDisabled={!built.ok}>
          {t("data.query.submit")}
        </Button>
        {children}
      </div>
    </Form>
  );
}

interface PartProps {
  form: QueryForm;
  set: (part: Partial<QueryForm>) => void;
}

function FusionFields({ form, set }: PartProps) {
  const { t } = useTranslation();
  return (
    <div className="flex flex-col gap-3">
      <Segments<Fusion>
        label={t("data.query.fusion")}
        value={form.fusion}
        onChange={(fusion) => set({ fusion })}
        choices={(["rrf", "weighted"] as const).map((id) => ({ id, label: t(`data.query.fusions.${id}`) }))}
      />
      {form.fusion === "weighted" ? (
        <Slider
          minValue={0}
          maxValue={1}
          step={0.05}
          value={form.alpha}
          onChange={(alpha) => {
            if (typeof alpha === "number") set({ alpha });
          }}
          className="flex flex-col gap-1"
        >
          <Label className="tabular text-sm font-medium">{t("data.query.alpha", { value: form.alpha.toFixed(2) })}</Label>
          <SliderTrack className="relative h-6 w-full before:absolute before:inset-x-0 before:top-1/2 before:h-1 before:-translate-y-1/2 before:rounded-full before:bg-line">
            <SliderThumb className="top-1/2 size-4 rounded-full border-2 border-surface bg-accent shadow-card outline-offset-2 data-[focus-visible]:outline-2 data-[focus-visible]:outline-accent" />
          </SliderTrack>
          <span className="text-xs text-ink-3">{t("data.query.alpha_hint")}</span>
        </Slider>
      ) : null}
    </div>
  );
}

function FilterFields({ form, set, refused }: PartProps & { refused: { integer: string | null } | null }) {
  const { t } = useTranslation();
  return (
    <Disclosure className="flex flex-col">
      <AriaButton
        slot="trigger"
        className="inline-flex cursor-pointer items-center gap-1.5 self-start rounded-md text-sm font-medium text-ink-2 hover:text-ink"
      >
        <Filter aria-hidden className="size-3.5" />
        {t("data.query.advanced")}
      </AriaButton>
      <DisclosurePanel>
        <div className="flex flex-col gap-3 pt-3">
          <TextField
            label={t("data.query.filter")}
            mono
            name="filter"
            autoComplete="off"
            placeholder={t("data.query.filter_placeholder")}
            value={form.filter}
            onChange={(filter) => set({ filter })}
          />
          <TextField
            label={t("data.query.params")}
            mono
            name="params"
            autoComplete="off"
            placeholder='["en", 2024]'
            isInvalid={refused !== null}
            value={form.params}
            onChange={(params) => set({ params })}
          />
          {refused ? (
            <p className="text-xs text-danger">
              {refused.integer === null ? t("data.query.params_bad") : t("data.inexact_integer", { integer: refused.integer })}
            </p>
          ) : null}
        </div>
      </DisclosurePanel>
    </Disclosure>
  );
}
