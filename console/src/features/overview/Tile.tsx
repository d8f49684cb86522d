import { cx } from "../../ui/classes";

interface TileProps {
  label: string;
  /** Null while it loads. */
  value: string | null;
  hint: string | null;
  used: number;
  /** What the edition includes; null when there is no such bound. */
  included: number | null;
}

/** From this share of the included amount on, the bar warns. */
const WARN_SHARE = 0.8;

/** One figure, with how much of the included amount it has taken. */
export function Tile({ label, value, hint, used, included }: TileProps) {
  const share = included ? Math.min(1, used / included) : 0;
  return (
    <div className="flex min-w-0 flex-col gap-1 rounded-lg border border-line bg-surface p-4 shadow-card">
      <dt className="text-xs text-ink-3">{label}</dt>
      <dd className="tabular text-xl font-semibold tracking-tight break-words">
        {value ?? <span aria-hidden className="inline-block h-6 w-20 animate-pulse rounded bg-sunken" />}
      </dd>
      {included ? (
        <dd className="mt-auto flex flex-col gap-1.5 text-xs text-ink-3">
          <span aria-hidden className="block h-1 overflow-hidden rounded-full bg-sunken">
            <span
              className={cx("block h-full rounded-full", share >= WARN_SHARE ? "bg-warn" : "bg-accent")}
              style={{ width: `${Math.max(share * 100, used > 0 ? 1 : 0)}%` }}
            />
          </span>
          {hint}
        </dd>
      ) : null}
    </div>
  );
}
