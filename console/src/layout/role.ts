import type { TFunction } from "i18next";
import { ROLES } from "./permissions";

/** The name of a role; one that this console does not know shows as it is. */
export function roleName(t: TFunction, role: string): string {
  const known = ROLES.find((one) => one === role);
  return known ? t(`roles.${known}.name`) : role;
}
