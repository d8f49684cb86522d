import { expect, it } from "vitest";
import { safeNext } from "./session";

it.each(["/orgs/org_1/keys", "/orgs/org_1/data?ns=a&c=b"])("goes back to %s", (next) => {
  expect(safeNext(next)).toBe(next);
});

it.each([null, "", "https://evil.example", "//evil.example", "/\\evil.example", "javascript:alert(1)"])("never leads away: %j", (next) => {
  expect(safeNext(next)).toBe("/");
});
