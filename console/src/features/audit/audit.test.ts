import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { changesOf } from "./changes";
import { ALL_ACTIONS, EVERYTHING, formOf, paramsOf, searchOf } from "./search";

describe("a search", () => {
  it("stands in the address and is read back from it", () => {
    const form = { ...EVERYTHING, actor: " ada@example.com ", action: "api_key.*", from: "2026-11-01T10:00" };
    const params = new URLSearchParams(paramsOf(form));
    expect(params.toString()).toBe("actor=ada%40example.com&action=api_key.*&from=2026-11-01T10%3A00");
    expect(formOf(params)).toEqual({ ...form, actor: "ada@example.com" });
    expect(paramsOf(EVERYTHING)).toEqual({});
  });

  it("asks for local times as moments and for nothing that was not given", () => {
    const from = "2026-11-01T10:00";
    expect(searchOf({ ...EVERYTHING, target: "prod", outcome: "refused", from })).toEqual({
      target: "prod",
      outcome: "refused",
      from: new Date(from).toISOString(),
    });
    expect(searchOf({ ...EVERYTHING, outcome: "maybe", from: "no time", to: "" })).toEqual({});
  });

  it("offers the actions that the service knows", () => {
    const source = readFileSync(new URL("../../../../control-plane/store/src/audit/action.rs", import.meta.url), "utf8");
    const theirs = [...source.matchAll(/^ {4}\w+ = "([a-z_.]+)";$/gm)].map(([, action]) => action);
    expect(theirs.length).toBeGreaterThan(0);
    expect([...ALL_ACTIONS].sort()).toEqual(theirs.sort());
  });
});

it("details tell field by field what was and what became", () => {
  const details = {
    name: { from: "a", to: "b" },
    scopes: { from: null, to: ["read", "write"] },
    allowed_addresses: { from: ["10.0.0.0/8"], to: [] },
    labels: { from: { team: "a" }, to: {} },
    note: { omitted: true },
    odd: 7,
  };
  const change = (field: string, from: string | null, to: string | null, omitted = false) => ({ field, from, to, omitted });
  expect(changesOf(details)).toEqual([
    change("name", "a", "b"),
    change("scopes", null, "read, write"),
    change("allowed_addresses", "10.0.0.0/8", null),
    change("labels", "team: a", null),
    change("note", null, null, true),
    change("odd", null, "7"),
  ]);
  expect(changesOf({ expires_at: { from: "2026-11-01T10:00:00Z", to: null } })[0]?.from).toContain("2026");
});
