import { SearchX } from "lucide-react";
import { useTranslation } from "react-i18next";
import type { Hit } from "../../api/types";
import { showJson } from "../../format/exactJson";
import { formatNumber } from "../../format/units";
import { Card } from "../../ui/Layout";
import { Empty } from "../../ui/States";

/** Digits that tell two scores apart. */
const SCORE_DIGITS = 4;

export function Hits({ hits }: { hits: Hit[] }) {
  const { t } = useTranslation();
  return (
    <Card title={t("data.query.hits")} actions={<span role="status" className="text-sm text-ink-3">{t("data.query.count", { count: hits.length })}</span>} flush>
      {hits.length === 0 ? (
        <Empty icon={SearchX} title={t("data.query.none_title")}>
          {t("data.query.none")}
        </Empty>
      ) : (
        <ol data-testid="hits" className="divide-y divide-line">
          {hits.map((hit, index) => (
            <HitRow key={hit.id} hit={hit} rank={index + 1} />
          ))}
        </ol>
      )}
    </Card>
  );
}

function isFilled(value: unknown): boolean {
  return typeof value === "object" && value !== null && Object.keys(value).length > 0;
}

function HitRow({ hit, rank }: { hit: Hit; rank: number }) {
  const { t } = useTranslation();
  const parts = Object.entries(hit.score_parts ?? {}).filter((part): part is [string, number] => typeof part[1] === "number");
  return (
    <li className="flex gap-3 px-4 py-3">
      <span aria-hidden className="tabular w-5 shrink-0 pt-0.5 text-right text-xs text-ink-3">
        {rank}
      </span>
      <div className="flex min-w-0 flex-1 flex-col gap-1.5">
        {hit.text ? <p className="break-words">{hit.text}</p> : null}
        <div className="flex flex-wrap items-center gap-x-3 gap-y-1 text-xs text-ink-3">
          <code className="font-mono break-all">{hit.id}</code>
          {parts.map(([name, value]) => (
            <span key={name} className="tabular">
              {name.replaceAll("_", " ")} {formatNumber(value, SCORE_DIGITS)}
            </span>
          ))}
        </div>
        {isFilled(hit.attributes) ? <Json label={t("data.query.attributes")} value={hit.attributes} /> : null}
        {isFilled(hit.metadata) ? <Json label={t("data.query.metadata")} value={hit.metadata} /> : null}
      </div>
      <span className="tabular shrink-0 text-sm font-medium" title={t("data.query.score")}>
        <span className="sr-only">{t("data.query.score")} </span>
        {formatNumber(hit.score, SCORE_DIGITS)}
      </span>
    </li>
  );
}

const Json = ({ label, value }: { label: string; value: unknown }) => (
  <p className="text-xs text-ink-2">
    <span className="text-ink-3">{label} </span>
    <code className="font-mono break-all">{showJson(value)}</code>
  </p>
);
