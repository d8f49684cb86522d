import { axisTop } from "./axis";
import { cx } from "./classes";

export interface ChartSeries {
  id: string;
  label: string;
  values: readonly number[];
}

interface BarChartProps {
  /** Says what the chart shows; the same figures stand in a table nearby. */
  summary: string;
  labels: readonly string[];
  /** Short labels for the axis; some of them are shown. */
  ticks: readonly string[];
  series: readonly ChartSeries[];
  format: (value: number) => string;
  className?: string;
}

const FILLS = ["bg-[var(--series-1)]", "bg-[var(--series-2)]", "bg-[var(--series-3)]", "bg-[var(--series-4)]", "bg-[var(--series-5)]"];
const fill = (index: number): string => FILLS[index % FILLS.length] ?? "";

/** How many labels fit under the bars. */
const LABELS = 6;

const percent = (share: number): string => `${Math.round(share * 10_000) / 100}%`;

/** Stacked bars over time, drawn with boxes so that text keeps its size at any width. */
export function BarChart({ summary, labels, ticks, series, format, className }: BarChartProps) {
  const sums = labels.map((_, index) => series.reduce((sum, one) => sum + (one.values[index] ?? 0), 0));
  const top = axisTop(Math.max(0, ...sums));
  const every = Math.max(1, Math.ceil(labels.length / LABELS));
  return (
    <figure className={cx("flex min-w-0 flex-col gap-2", className)}>
      <div role="img" aria-label={summary} className="flex gap-2">
        <div aria-hidden className="tabular flex h-44 flex-col justify-between text-right text-xs leading-none text-ink-3">
          <span>{format(top)}</span>
          <span>{format(top / 2)}</span>
          <span>0</span>
        </div>
        <div aria-hidden className="min-w-0 flex-1">
          <div className="relative flex h-44 items-end gap-px border-b border-line-strong/60 sm:gap-0.5">
            <div className="absolute inset-x-0 top-0 border-t border-line" />
            <div className="absolute inset-x-0 top-1/2 border-t border-line" />
            {labels.map((label, index) => (
              <Bar
                key={label}
                title={`${label}: ${format(sums[index] ?? 0)}`}
                parts={series.map((one) => (one.values[index] ?? 0) / top)}
              />
            ))}
          </div>
          <div className="relative mt-1.5 h-4 overflow-x-clip text-xs text-ink-3">
            {ticks.map((tick, index) =>
              index % every === 0 ? (
                <span
                  key={index}
                  className={cx("absolute whitespace-nowrap", (index / every) % 2 === 1 && "hidden sm:block")}
                  style={{ left: percent(index / ticks.length) }}
                >
                  {tick}
                </span>
              ) : null,
            )}
          </div>
        </div>
      </div>
      {series.length > 1 ? (
        <figcaption className="flex flex-wrap gap-x-4 gap-y-1 text-xs text-ink-2">
          {series.map((one, index) => (
            <span key={one.id} className="inline-flex items-center gap-1.5">
              <span aria-hidden className={cx("size-2.5 rounded-xs", fill(index))} />
              {one.label}
            </span>
          ))}
        </figcaption>
      ) : null}
    </figure>
  );
}

function Bar({ title, parts }: { title: string; parts: readonly number[] }) {
  return (
    <div title={title} className="group relative flex h-full min-w-0 flex-1 flex-col-reverse hover:bg-sunken">
      {parts.map((share, index) =>
        share > 0 ? (
          <div
            key={index}
            className={cx("min-h-px w-full transition-opacity last:rounded-t-[2px] group-hover:opacity-80", fill(index))}
            style={{ height: percent(share) }}
          />
        ) : null,
      )}
    </div>
  );
}
