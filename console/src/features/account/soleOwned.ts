import type { Problem } from "../../api/problem";

interface Owned {
  id: string;
  name: string;
}

/** The organisations that have no other owner, as the refusal of a deletion names them. */
export function soleOwned({ members }: Problem): Owned[] {
  const named = members["organizations"];
  if (!Array.isArray(named)) return [];
  return named.flatMap((one: unknown) => {
    const { id, name } = (one ?? {}) as Partial<Record<keyof Owned, unknown>>;
    return typeof id === "string" && typeof name === "string" ? [{ id, name }] : [];
  });
}
