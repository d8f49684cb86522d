import type { ReactNode } from "react";
import {
  FieldError,
  Input,
  Label,
  NumberField as AriaNumberField,
  Text,
  TextArea as AriaTextArea,
  TextField as AriaTextField,
  type NumberFieldProps,
  type TextFieldProps,
} from "react-aria-components";
import { cx } from "./classes";

export const labelClass = "text-sm font-medium text-ink";
export const hintClass = "text-xs text-ink-3";
const errorClass = "text-xs text-danger";
export const controlClass =
  "w-full rounded-md border border-line-strong/60 bg-surface px-2.5 text-base text-ink hover:border-line-strong disabled:opacity-60 data-[invalid]:border-danger";

interface FieldTexts {
  label: string;
  hint?: ReactNode;
  className?: string;
}

type TextProps = Omit<TextFieldProps, "className" | "children"> &
  FieldTexts & { placeholder?: string; mono?: boolean; rows?: number };

/** A line of text, or with `rows` several. Validation messages stand under it and are read with it. */
export function TextField({ label, hint, className, placeholder, mono, rows, ...props }: TextProps) {
  const face = mono ? "font-mono text-sm" : "";
  return (
    <AriaTextField {...props} className={cx("flex flex-col gap-1.5", className)}>
      <Label className={labelClass}>{label}</Label>
      {rows ? (
        <AriaTextArea rows={rows} placeholder={placeholder ?? ""} className={cx(controlClass, face, "py-2")} />
      ) : (
        <Input placeholder={placeholder ?? ""} className={cx(controlClass, face, "h-9")} />
      )}
      {hint ? (
        <Text slot="description" className={hintClass}>
          {hint}
        </Text>
      ) : null}
      <FieldError className={errorClass} />
    </AriaTextField>
  );
}

export function NumberField({
  label,
  hint,
  className,
  ...props
}: Omit<NumberFieldProps, "className" | "children"> & FieldTexts) {
  return (
    <AriaNumberField {...props} className={cx("flex flex-col gap-1.5", className)}>
      <Label className={labelClass}>{label}</Label>
      <Input className={cx(controlClass, "tabular h-9")} />
      {hint ? (
        <Text slot="description" className={hintClass}>
          {hint}
        </Text>
      ) : null}
      <FieldError className={errorClass} />
    </AriaNumberField>
  );
}
