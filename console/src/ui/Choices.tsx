import { Check, ChevronDown } from "lucide-react";
import {
  Button,
  CheckboxButton,
  CheckboxField,
  CheckboxGroup as AriaCheckboxGroup,
  FieldError,
  Label,
  ListBox,
  ListBoxItem,
  Popover,
  RadioButton,
  RadioField,
  RadioGroup,
  Select as AriaSelect,
  SelectValue,
  Text,
} from "react-aria-components";
import { cx } from "./classes";
import { controlClass, hintClass, labelClass } from "./Fields";

export interface Choice<T extends string> {
  id: T;
  label: string;
  hint?: string;
}

interface SelectProps<T extends string> {
  label: string;
  value: T | null;
  onChange: (value: T) => void;
  choices: readonly Choice<T>[];
  placeholder?: string;
  isDisabled?: boolean;
  className?: string;
}

export function Select<T extends string>({ label, value, onChange, choices, className, ...props }: SelectProps<T>) {
  return (
    <AriaSelect
      {...props}
      value={value}
      onChange={(key) => {
        const chosen = choices.find((choice) => choice.id === key);
        if (chosen) onChange(chosen.id);
      }}
      className={cx("flex min-w-0 flex-col gap-1.5", className)}
    >
      <Label className={labelClass}>{label}</Label>
      <Button className={cx(controlClass, "flex h-9 cursor-pointer items-center justify-between gap-2 text-left")}>
        <SelectValue className="truncate data-[placeholder]:text-ink-3" />
        <ChevronDown aria-hidden className="size-4 shrink-0 text-ink-3" />
      </Button>
      <Popover className="min-w-(--trigger-width) overflow-auto rounded-lg border border-line bg-surface p-1 shadow-pop">
        <ListBox items={choices} className="outline-none">
          {(choice) => (
            <ListBoxItem
              id={choice.id}
              textValue={choice.label}
              className="flex cursor-pointer items-center justify-between gap-3 rounded-md px-2 py-1.5 text-sm text-ink outline-none data-[focused]:bg-sunken"
            >
              {({ isSelected }) => (
                <>
                  <span className="truncate">{choice.label}</span>
                  {isSelected ? <Check aria-hidden className="size-4 shrink-0 text-accent" /> : null}
                </>
              )}
            </ListBoxItem>
          )}
        </ListBox>
      </Popover>
    </AriaSelect>
  );
}

interface SegmentsProps<T extends string> {
  label: string;
  value: T;
  onChange: (value: T) => void;
  choices: readonly Choice<T>[];
  hideLabel?: boolean;
  hint?: string;
}

/** One of a few, all in sight. */
export function Segments<T extends string>({ label, value, onChange, choices, hideLabel, hint }: SegmentsProps<T>) {
  return (
    <RadioGroup
      value={value}
      onChange={(chosen) => onChange(chosen as T)}
      orientation="horizontal"
      className="flex min-w-0 flex-col gap-1.5"
      {...(hideLabel ? { "aria-label": label } : {})}
    >
      {hideLabel ? null : <Label className={labelClass}>{label}</Label>}
      <div className="inline-flex h-9 max-w-full self-start overflow-x-auto rounded-md border border-line bg-sunken p-0.5">
        {choices.map((choice) => (
          <RadioField key={choice.id} value={choice.id} className="flex">
            <RadioButton className="flex cursor-pointer items-center rounded-[5px] border border-transparent px-2.5 text-sm font-medium whitespace-nowrap text-ink-2 data-[selected]:border-line data-[selected]:bg-raised data-[selected]:text-ink data-[selected]:shadow-card">
              {choice.label}
            </RadioButton>
          </RadioField>
        ))}
      </div>
      {hint ? (
        <Text slot="description" className={hintClass}>
          {hint}
        </Text>
      ) : null}
    </RadioGroup>
  );
}

interface ChecksProps<T extends string> {
  label: string;
  value: readonly T[];
  onChange: (value: T[]) => void;
  choices: readonly Choice<T>[];
  name?: string;
}

export function Checks<T extends string>({ label, value, onChange, choices, name }: ChecksProps<T>) {
  return (
    <AriaCheckboxGroup
      value={[...value]}
      onChange={(chosen) => onChange(chosen as T[])}
      className="flex flex-col gap-2"
      {...(name ? { name } : {})}
    >
      <Label className={labelClass}>{label}</Label>
      {choices.map((choice) => (
        <CheckboxField key={choice.id} value={choice.id}>
          <CheckboxButton className="group flex cursor-pointer items-start gap-2.5">
          <span
            aria-hidden
            className="mt-0.5 flex size-4 shrink-0 items-center justify-center rounded border border-line-strong bg-surface group-data-[focus-visible]:outline-2 group-data-[focus-visible]:outline-offset-2 group-data-[focus-visible]:outline-accent group-data-[selected]:border-accent group-data-[selected]:bg-accent"
          >
            <Check strokeWidth={3} className="hidden size-3 text-accent-ink group-data-[selected]:block" />
          </span>
          <span className="flex flex-col">
            <span className="text-base">{choice.label}</span>
            {choice.hint ? <span className={hintClass}>{choice.hint}</span> : null}
          </span>
          </CheckboxButton>
        </CheckboxField>
      ))}
      <FieldError className="text-xs text-danger" />
    </AriaCheckboxGroup>
  );
}

interface RadiosProps<T extends string> {
  label: string;
  value: T;
  onChange: (value: T) => void;
  choices: readonly Choice<T>[];
}

/** One of a few that need a word of explanation each. */
export function Radios<T extends string>({ label, value, onChange, choices }: RadiosProps<T>) {
  return (
    <RadioGroup value={value} onChange={(chosen) => onChange(chosen as T)} className="flex flex-col gap-2">
      <Label className={labelClass}>{label}</Label>
      {choices.map((choice) => (
        <RadioField key={choice.id} value={choice.id}>
          <RadioButton className="group flex cursor-pointer items-start gap-2.5">
            <span
              aria-hidden
              className="mt-0.5 flex size-4 shrink-0 items-center justify-center rounded-full border border-line-strong bg-surface group-data-[focus-visible]:outline-2 group-data-[focus-visible]:outline-offset-2 group-data-[focus-visible]:outline-accent group-data-[selected]:border-accent group-data-[selected]:bg-accent"
            >
              <span className="hidden size-1.5 rounded-full bg-accent-ink group-data-[selected]:block" />
            </span>
            <span className="flex flex-col">
              <span className="text-base">{choice.label}</span>
              {choice.hint ? <span className={hintClass}>{choice.hint}</span> : null}
            </span>
          </RadioButton>
        </RadioField>
      ))}
    </RadioGroup>
  );
}
