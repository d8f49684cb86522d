import { useTranslation } from "react-i18next";
import type { Receipt } from "../../api/types";
import { formatMoney } from "../../format/money";
import { formatDuration, formatMeter } from "../../format/units";
import { CopyButton } from "../../ui/CopyButton";
import { Card, Fact } from "../../ui/Layout";

/** The name of a meter in the texts, or the meter itself when it is one this console does not know. */
export function useMeterName(): (meter: string) => string {
  const { t } = useTranslation();
  return (meter) => t(`meters.${meter}` as "meters.query", { defaultValue: meter });
}

/** What a call took and what it costs. */
export function ReceiptCard({ receipt }: { receipt: Receipt }) {
  const { t } = useTranslation();
  const meterName = useMeterName();
  return (
    <Card title={t("data.receipt.title")}>
      <dl data-testid="receipt" className="grid grid-cols-2 gap-x-4 gap-y-3 text-sm">
        {Object.entries(receipt.milli_units).map(([meter, amount]) => (
          <Fact key={meter} label={meterName(meter)} value={formatMeter(meter, amount)} />
        ))}
        <Fact
          label={t("data.receipt.price")}
          value={receipt.estimated_price ? formatMoney(receipt.estimated_price, "exact") : t("data.receipt.price_none")}
        />
        {receipt.commit == null ? null : <Fact label={t("data.receipt.commit")} value={receipt.commit} />}
        {receipt.tier ? <Fact label={t("data.receipt.tier")} value={receipt.tier} /> : null}
      </dl>
      <Timing timing={receipt.timing_ms} />
      <div className="mt-3 flex items-center justify-between gap-2 border-t border-line pt-3 text-xs text-ink-3">
        <span className="min-w-0">
          {t("data.receipt.request")} <code className="font-mono break-all">{receipt.request_id}</code>
        </span>
        <CopyButton text={receipt.request_id} label={t("data.receipt.copy_request")} />
      </div>
    </Card>
  );
}

function Timing({ timing }: { timing: Record<string, number> }) {
  const { t } = useTranslation();
  const stages = Object.entries(timing);
  if (stages.length === 0) return null;
  return (
    <div className="mt-3 flex flex-col gap-1 border-t border-line pt-3">
      <p className="text-xs text-ink-3">{t("data.receipt.timing")}</p>
      <dl className="flex flex-col gap-0.5">
        {stages.map(([stage, ms]) => (
          <div key={stage} className="flex justify-between gap-3 text-sm">
            <dt className="text-ink-2">{stage.replaceAll("_", " ")}</dt>
            <dd className="tabular">{formatDuration(ms)}</dd>
          </div>
        ))}
      </dl>
    </div>
  );
}
