import { RadioButton, RadioField, RadioGroup } from "react-aria-components";
import { useTranslation } from "react-i18next";
import type { Meter } from "../../api/types";
import { formatMeter } from "../../format/units";
import { useMeterName } from "../data/ReceiptCard";

interface MeterTotalsProps {
  totals: ReadonlyMap<Meter, number>;
  chosen: Meter;
  onChoose: (meter: Meter) => void;
}

const ORDER: readonly Meter[] = ["query", "write", "embedding_tokens", "egress_bytes", "storage_byte_hours"];

/** The totals of the period; choosing one shows it over time. */
export function MeterTotals({ totals, chosen, onChoose }: MeterTotalsProps) {
  const { t } = useTranslation();
  const meterName = useMeterName();
  const others = [...totals.keys()].filter((meter) => !ORDER.includes(meter));
  const meters = [...ORDER.filter((meter) => totals.has(meter)), ...others];
  return (
    <RadioGroup aria-label={t("usage.meter")} value={chosen} onChange={(meter) => onChoose(meter as Meter)} className="grid grid-cols-2 gap-3 sm:grid-cols-3 lg:grid-cols-5">
      {meters.map((meter) => (
        <RadioField key={meter} value={meter} className="flex min-w-0">
          <RadioButton className="flex w-full min-w-0 cursor-pointer flex-col gap-1 rounded-lg border border-line bg-surface p-4 shadow-card hover:border-line-strong data-[selected]:border-accent data-[selected]:ring-1 data-[selected]:ring-accent">
          <span className="text-xs text-ink-3">{meterName(meter)}</span>
          <span data-meter={meter} className="tabular text-lg font-semibold tracking-tight break-words">
            {formatMeter(meter, totals.get(meter) ?? 0)}
          </span>
          </RadioButton>
        </RadioField>
      ))}
    </RadioGroup>
  );
}
