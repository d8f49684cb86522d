import { useQuery, useQueryClient } from "@tanstack/react-query";
import { ChartColumn } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { usageKey, usageTotalsQuery } from "../../api/queries";
import type { Meter } from "../../api/types";
import { hoursBefore, nextUtcHour, startOfUtcMonth } from "../../format/time";
import { useOrg } from "../../layout/useOrg";
import { Button } from "../../ui/Button";
import { ButtonLink } from "../../ui/ButtonLink";
import { Segments } from "../../ui/Choices";
import { Card, Page } from "../../ui/Layout";
import { Empty, Loading, ProblemNotice } from "../../ui/States";
import { useNow } from "../../ui/useNow";
import { type GroupBy, totalsByMeter } from "./aggregate";
import { MeterTotals } from "./MeterTotals";
import { OverTime } from "./OverTime";

const REFRESH_MS = 10_000;

type Range = "day" | "week" | "month";
type Granularity = "hour" | "day";

function startOf(range: Range, now: Date): Date {
  if (range === "month") return startOfUtcMonth(now);
  return hoursBefore(nextUtcHour(now), range === "day" ? 24 : 7 * 24);
}

export function Usage() {
  const { t } = useTranslation();
  const { org } = useOrg();
  const queryClient = useQueryClient();
  const now = useNow();
  const [range, setRange] = useState<Range>("day");
  const [granularity, setGranularity] = useState<Granularity>("hour");
  const [chosen, setChosen] = useState<Meter>("query");
  const [group, setGroup] = useState<GroupBy>("key");
  const from = startOf(range, now);
  const to = nextUtcHour(now);
  const usage = useQuery({
    ...usageTotalsQuery(org, { from: from.toISOString(), to: to.toISOString() }),
    refetchInterval: REFRESH_MS,
  });
  const totals = usage.data ? totalsByMeter(usage.data) : null;
  const meter = totals && !totals.has(chosen) ? ([...totals.keys()][0] ?? chosen) : chosen;
  const choose = (next: Range) => {
    setRange(next);
    setGranularity(next === "day" ? "hour" : "day");
  };
  return (
    <Page
      title={t("usage.title")}
      lead={t("usage.lead")}
      actions={
        <Button
          onPress={() => void queryClient.invalidateQueries({ queryKey: usageKey(org) })}
          isPending={usage.isFetching && !usage.isPending}
        >
          {t("common.refresh")}
        </Button>
      }
    >
      <div className="flex flex-wrap gap-x-5 gap-y-3">
        <Segments<Range>
          label={t("usage.range")}
          value={range}
          onChange={choose}
          choices={(["day", "week", "month"] as const).map((id) => ({ id, label: t(`usage.ranges.${id}`) }))}
        />
        <Segments<Granularity>
          label={t("usage.granularity")}
          value={granularity}
          onChange={setGranularity}
          choices={(["hour", "day"] as const).map((id) => ({ id, label: t(`usage.granularities.${id}`) }))}
        />
      </div>
      {usage.error ? (
        <ProblemNotice error={usage.error} onRetry={() => void usage.refetch()} />
      ) : !totals ? (
        <Loading rows={6} />
      ) : totals.size === 0 ? (
        <Card>
          <Empty
            icon={ChartColumn}
            title={t("usage.empty_title")}
            action={<ButtonLink to={`/orgs/${org}/data`}>{t("overview.open_playground")}</ButtonLink>}
          >
            {t("usage.empty")}
          </Empty>
        </Card>
      ) : (
        <>
          <MeterTotals totals={totals} chosen={meter} onChoose={setChosen} />
          <OverTime org={org} meter={meter} from={from} to={to} granularity={granularity} group={group} onGroup={setGroup} refreshMs={REFRESH_MS} />
        </>
      )}
      <p className="text-xs text-ink-3">{t("usage.utc_note")}</p>
    </Page>
  );
}
