import type { Role } from "../api/types";

/** Every role, those that may less first. */
export const ROLES = ["read_only", "billing", "developer", "admin", "owner"] as const satisfies readonly Role[];

/**
 * What not every member may do: the service's own matrix, so that a page offers nobody what would be refused. The
 * service decides; a page that is wrong about it shows its refusal.
 */
export const PERMISSIONS = {
  WriteData: ["developer", "admin", "owner"],
  ManageNamespaces: ["developer", "admin", "owner"],
  ManageApiKeys: ["developer", "admin", "owner"],
  ManageBilling: ["billing", "admin", "owner"],
  ManageOrganization: ["admin", "owner"],
  ManageMembers: ["admin", "owner"],
  ManageOwners: ["owner"],
  PurgeNamespaces: ["admin", "owner"],
  DeleteOrganization: ["owner"],
} as const satisfies Record<string, readonly Role[]>;

export type Permission = keyof typeof PERMISSIONS;

export const may = (role: Role, permission: Permission): boolean => (PERMISSIONS[permission] as readonly Role[]).includes(role);

/** The audit log is for those who answer for the organisation. */
export const mayReadAudit = (role: Role): boolean => role === "admin" || role === "owner";

/** Whether somebody may give this role to others, or take it from them. */
export const mayGive = (mine: Role, role: Role): boolean => may(mine, role === "owner" ? "ManageOwners" : "ManageMembers");
