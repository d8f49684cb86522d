import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { priceBookQuery } from "../../api/queries";
import type { Receipt } from "../../api/types";
import { formatSmallMoney, listPrice } from "../../format/price";
import { formatDuration, formatMeter } from "../../format/units";
import { CopyButton } from "../../ui/CopyButton";
import { Card, Fact } from "../../ui/Layout";

/** The name of a meter in the texts, or the meter itself when it is one this console does not know. */
export function useMeterName(): (meter: string) => string {
  const { t } = useTranslation();
  return (meter) => t(`meters.${meter}` as "meters.query", { defaultValue: meter });
}

/** The counted amounts of a call by meter; what was not counted is left out. */
function amountsOf({ milli_units, embedding_tokens }: Receipt): Record<string, number> {
  const amounts: Record<string, number> = {};
  if (milli_units.query != null) amounts["query"] = milli_units.query;
  if (milli_units.write != null) amounts["write"] = milli_units.write;
  if (embedding_tokens) amounts["embedding_tokens"] = embedding_tokens;
  return amounts;
}

/** What a call took and what it costs. */
export function ReceiptCard({ org, receipt }: { org: string; receipt: Receipt }) {
  const { t } = useTranslation();
  const meterName = useMeterName();
  const book = useQuery(priceBookQuery(org));
  const amounts = amountsOf(receipt);
  const price = book.data ? listPrice(amounts, book.data.prices) : null;
  return (
    <Card title={t("data.receipt.title")}>
      <dl data-testid="receipt" className="grid grid-cols-2 gap-x-4 gap-y-3 text-sm">
        {Object.entries(amounts).map(([meter, amount]) => (
          <Fact key={meter} label={meterName(meter)} value={formatMeter(meter, amount)} />
        ))}
        {price ? <Fact label={t("data.receipt.price")} value={formatSmallMoney(price)} hint={t("data.receipt.price_hint")} /> : null}
        <Fact label={t("data.receipt.commit")} value={receipt.commit} />
        <Fact label={t("data.receipt.tier")} value={receipt.tier} />
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

function Timing({ timing }: { timing: Receipt["timing_ms"] }) {
  const { t } = useTranslation();
  const stages = Object.entries(timing).filter((stage): stage is [string, number] => typeof stage[1] === "number");
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
