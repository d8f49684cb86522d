import { useSuspenseQuery } from "@tanstack/react-query";
import { Building2, Plus } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { meQuery } from "../../api/queries";
import type { Organization } from "../../api/types";
import { editionName } from "../../layout/edition";
import { roleName } from "../../layout/role";
import { Button } from "../../ui/Button";
import { TextLink } from "../../ui/ButtonLink";
import { Badge, Card, Page } from "../../ui/Layout";
import { Empty } from "../../ui/States";
import { type Column, Table } from "../../ui/Table";
import { CreateOrganization } from "./CreateOrganization";

/** All organisations of a person; where who belongs to none begins. */
export function Organizations() {
  const { t } = useTranslation();
  const { data: me } = useSuspenseQuery(meQuery);
  const [creating, setCreating] = useState(false);
  const create = (
    <Button look="primary" onPress={() => setCreating(true)}>
      <Plus aria-hidden className="size-4" />
      {t("organizations.create")}
    </Button>
  );
  const columns: Column<Organization>[] = [
    {
      id: "name",
      header: t("organizations.name"),
      rowHeader: true,
      cell: ({ id, name }) => <TextLink to={`/orgs/${id}`}>{name}</TextLink>,
    },
    { id: "edition", header: t("plan.edition"), cell: ({ edition }) => <Badge>{editionName(t, edition)}</Badge> },
    { id: "role", header: t("plan.role"), cell: ({ role }) => roleName(t, role) },
  ];
  return (
    <Page title={t("organizations.title")} lead={t("organizations.lead")} actions={create} narrow>
      <Card flush>
        {me.organizations.length === 0 ? (
          <Empty icon={Building2} title={t("organizations.empty_title")} action={create}>
            {t("organizations.empty")}
          </Empty>
        ) : (
          <Table label={t("organizations.title")} columns={columns} rows={me.organizations} rowKey={({ id }) => id} stacks />
        )}
      </Card>
      <CreateOrganization isOpen={creating} onClose={() => setCreating(false)} />
    </Page>
  );
}
