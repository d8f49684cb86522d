import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { may, mayGive, PERMISSIONS, ROLES } from "./permissions";

it("the matrix is the one of the service", () => {
  const source = readFileSync(new URL("../../../control-plane/contract/src/permission.rs", import.meta.url), "utf8");
  const rows = [...source.matchAll(/\(Permission::(\w+), \[((?:(?:yes|no)(?:, )?)+)\]\)/g)];
  const theirs = rows.map(([, name = "", cells = ""]) => [name, cells.split(", ").map((cell) => cell === "yes")]);
  const ours = (Object.keys(PERMISSIONS) as (keyof typeof PERMISSIONS)[]).map((name) => [name, ROLES.map((role) => may(role, name))]);
  expect(theirs.length).toBeGreaterThan(0);
  expect(ours).toEqual(theirs);
});

it("only owners give and take the role of an owner, and below admins nobody gives any", () => {
  expect(ROLES.map((role) => mayGive("owner", role))).toEqual(ROLES.map(() => true));
  expect(ROLES.map((role) => mayGive("admin", role))).toEqual([true, true, true, true, false]);
  for (const mine of ["read_only", "billing", "developer"] as const) expect(ROLES.some((role) => mayGive(mine, role))).toBe(false);
});
