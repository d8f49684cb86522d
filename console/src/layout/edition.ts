import type { TFunction } from "i18next";

/** The name of an edition; one that this console does not know shows as it is. */
export function editionName(t: TFunction, edition: string): string {
  switch (edition) {
    case "community":
    case "professional":
    case "enterprise":
      return t(`plan.editions.${edition}`);
    default:
      return edition;
  }
}
