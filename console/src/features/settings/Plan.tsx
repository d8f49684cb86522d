import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { editionQuery, organizationQuery } from "../../api/queries";
import type { Edition } from "../../api/types";
import { formatDate } from "../../format/time";
import { formatBytes, formatNumber } from "../../format/units";
import { editionName } from "../../layout/edition";
import { roleName } from "../../layout/role";
import { useOrg } from "../../layout/useOrg";
import { chooseTheme, type Theme, useTheme } from "../../theme/theme";
import { Segments } from "../../ui/Choices";
import { Badge, Card, Fact, Page } from "../../ui/Layout";
import { Loading, ProblemNotice } from "../../ui/States";
import { type Column, Table } from "../../ui/Table";
import { PriceTable } from "./PriceTable";

export function Plan() {
  const { t } = useTranslation();
  const { org, organization, me } = useOrg();
  const edition = useQuery(editionQuery(org));
  const details = useQuery(organizationQuery(org));
  return (
    <Page title={t("plan.title")} lead={t("plan.lead")}>
      <div className="grid items-start gap-5 lg:grid-cols-2">
        <Card title={t("plan.organization")}>
          <dl className="grid grid-cols-2 gap-4 text-sm">
            <Fact label={t("plan.name")} value={organization.name} />
            <Fact label={t("plan.edition")} value={<Badge tone="accent">{editionName(t, organization.edition)}</Badge>} />
            <Fact label={t("plan.role")} value={roleName(t, organization.role)} />
            <Fact label={t("plan.member_since")} value={details.data ? formatDate(details.data.created_at) : ""} />
            <Fact label={t("plan.id")} value={<code className="font-mono text-xs break-all">{org}</code>} />
            <Fact label={t("plan.email")} value={me.user.email} />
          </dl>
        </Card>
        <Card title={t("plan.appearance")}>
          <Appearance />
        </Card>
      </div>
      {edition.error ? (
        <ProblemNotice error={edition.error} onRetry={() => void edition.refetch()} />
      ) : edition.data ? (
        <Limits edition={edition.data} />
      ) : (
        <Loading rows={5} />
      )}
      <PriceTable org={org} />
    </Page>
  );
}

function Appearance() {
  const { t } = useTranslation();
  const theme = useTheme();
  return (
    <Segments<Theme>
      label={t("nav.theme")}
      value={theme}
      onChange={chooseTheme}
      choices={(["system", "light", "dark"] as const).map((id) => ({ id, label: t(`nav.theme_${id}`) }))}
    />
  );
}

interface LimitRow {
  name: string;
  value: number | null;
}

/** A limit in the unit that its name tells. */
function limitValue({ name, value }: LimitRow, unlimited: string): string {
  if (value === null) return unlimited;
  if (name.endsWith("_bytes")) return formatBytes(value);
  if (name.includes("milli_units")) return formatNumber(value / 1000);
  return formatNumber(value);
}

function Limits({ edition }: { edition: Edition }) {
  const { t } = useTranslation();
  const rows = Object.entries(edition.limits).map(([name, value]): LimitRow => ({ name, value: value ?? null }));
  const columns: Column<LimitRow>[] = [
    {
      id: "limit",
      header: t("plan.limit"),
      rowHeader: true,
      cell: ({ name }) => t(`plan.limit_names.${name}` as "plan.limit_names.namespaces", { defaultValue: name.replaceAll("_", " ") }),
    },
    { id: "value", header: t("plan.value"), numeric: true, cell: (row) => limitValue(row, t("plan.unlimited")) },
  ];
  return (
    <Card
      title={t("plan.limits")}
      actions={
        <span className="flex flex-wrap gap-1">
          {edition.features.map((feature) => (
            <Badge key={feature}>{feature.replaceAll("_", " ")}</Badge>
          ))}
        </span>
      }
      flush
    >
      <Table label={t("plan.limits")} columns={columns} rows={rows} rowKey={({ name }) => name} />
    </Card>
  );
}
