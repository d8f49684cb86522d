import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type SyntheticEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { control, need } from "../../api/client";
import { organizationQuery } from "../../api/queries";
import type { Organization } from "../../api/types";
import { formatDate } from "../../format/time";
import { editionName } from "../../layout/edition";
import { putMine } from "../../layout/myOrganizations";
import { roleName } from "../../layout/role";
import { useOrg } from "../../layout/useOrg";
import { Button } from "../../ui/Button";
import { TextLink } from "../../ui/ButtonLink";
import { CopyButton } from "../../ui/CopyButton";
import { TextField } from "../../ui/Fields";
import { Form } from "../../ui/Form";
import { Badge, Card, Fact, Page } from "../../ui/Layout";
import { ProblemNotice } from "../../ui/States";
import { NAME_MAX } from "./naming";

export function Settings() {
  const { t } = useTranslation();
  const { org, organization, can } = useOrg();
  const details = useQuery(organizationQuery(org));
  return (
    <Page title={t("settings.title")} lead={t("settings.lead")} narrow>
      <Card title={t("settings.facts")}>
        <div className="flex flex-col gap-4">
          <dl className="grid gap-4 text-sm sm:grid-cols-2">
            <Fact label={t("plan.name")} value={organization.name} />
            <Fact label={t("plan.edition")} value={<Badge tone="accent">{editionName(t, organization.edition)}</Badge>} />
            <Fact label={t("plan.role")} value={roleName(t, organization.role)} />
            <Fact label={t("plan.member_since")} value={details.data ? formatDate(details.data.created_at) : t("common.not_known")} />
            <Fact
              label={t("plan.id")}
              value={
                <span className="inline-flex items-center gap-1">
                  <code className="font-mono text-xs break-all">{org}</code>
                  <CopyButton text={org} label={t("settings.copy_id")} />
                </span>
              }
            />
          </dl>
          {details.error ? <ProblemNotice error={details.error} onRetry={() => void details.refetch()} /> : null}
        </div>
      </Card>
      <Card title={t("settings.rename")}>
        {can("ManageOrganization") ? (
          <Rename organization={organization} />
        ) : (
          <p className="text-ink-2">{t("settings.rename_not_yours")}</p>
        )}
      </Card>
      <Card title={t("settings.leave")}>
        <p className="text-ink-2">
          {t("settings.leave_lead")} <TextLink to={`/orgs/${org}/members`}>{t("settings.leave_where")}</TextLink>
        </p>
      </Card>
    </Page>
  );
}

function Rename({ organization }: { organization: Organization }) {
  const { t } = useTranslation();
  const queryClient = useQueryClient();
  const [name, setName] = useState(organization.name);
  const rename = useMutation({
    mutationFn: () => need(control.PATCH("/v1/orgs/{org}", { params: { path: { org: organization.id } }, body: { name } })),
    onSuccess: async (renamed) => {
      putMine(queryClient, { ...organization, name: renamed.name });
      setName(renamed.name);
      await queryClient.invalidateQueries({ queryKey: organizationQuery(organization.id).queryKey, exact: true });
    },
  });
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    rename.mutate();
  };
  return (
    <Form
      onSubmit={submit}
      error={rename.error}
      className="flex flex-col items-start gap-4"
    >
      <TextField
        label={t("auth.organization")}
        hint={t("settings.rename_hint")}
        name="name"
        className="w-full max-w-md"
        isRequired
        maxLength={NAME_MAX}
        autoComplete="off"
        value={name}
        onChange={setName}
      />
      {rename.error ? <ProblemNotice error={rename.error} onRetry={() => rename.mutate()} className="self-stretch" /> : null}
      <div className="flex flex-wrap items-center gap-3">
        <Button type="submit" look="primary" isDisabled={name.trim() === organization.name} isPending={rename.isPending}>
          {t("settings.rename_submit")}
        </Button>
        <span role="status" className="text-sm text-ok">
          {rename.isSuccess && name === organization.name ? t("settings.renamed") : ""}
        </span>
      </div>
    </Form>
  );
}
