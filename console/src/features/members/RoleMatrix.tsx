import { Check, Minus } from "lucide-react";
import { useTranslation } from "react-i18next";
import { may, mayReadAudit, type Permission, PERMISSIONS, ROLES } from "../../layout/permissions";
import type { Role } from "../../api/types";
import { Card } from "../../ui/Layout";
import { type Column, Table } from "../../ui/Table";

interface Row {
  id: string;
  name: string;
  allowed: (role: Role) => boolean;
}

/** What each role may do, as the service decides it. */
export function RoleMatrix() {
  const { t } = useTranslation();
  const rows: Row[] = [
    { id: "see", name: t("members.matrix.see"), allowed: () => true },
    ...(Object.keys(PERMISSIONS) as Permission[]).map((id) => ({
      id,
      name: t(`members.matrix.${id}`),
      allowed: (role: Role) => may(role, id),
    })),
    { id: "audit", name: t("members.matrix.audit"), allowed: mayReadAudit },
  ];
  const columns: Column<Row>[] = [
    { id: "what", header: t("members.matrix.what"), rowHeader: true, cell: ({ name }) => name },
    ...ROLES.map((role) => ({
      id: role,
      header: t(`roles.${role}.name`),
      cell: ({ allowed }: Row) =>
        allowed(role) ? (
          <span className="text-ok">
            <Check aria-hidden className="size-4" />
            <span className="sr-only">{t("members.matrix.yes")}</span>
          </span>
        ) : (
          <span className="text-ink-3">
            <Minus aria-hidden className="size-4" />
            <span className="sr-only">{t("members.matrix.no")}</span>
          </span>
        ),
    })),
  ];
  return (
    <Card title={t("members.matrix.title")} hint={t("members.matrix.hint")} flush>
      <Table label={t("members.matrix.title")} columns={columns} rows={rows} rowKey={({ id }) => id} />
    </Card>
  );
}
