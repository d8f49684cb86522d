import { describe, expect, it } from "vitest";
import type { ApiKey } from "../../api/types";
import { addressesOf, changeOf, draftOf, localMinute, NEW_KEY, newKeyOf, rebase } from "./draft";

const NOW = Date.parse("2026-11-01T00:00:00Z");
const END = "2026-12-24T18:30:15.123456Z";
const KEY: ApiKey = {
  id: "key_1",
  version: 1,
  name: "bot",
  prefix: "adb_1",
  namespaces: "prod-*",
  scopes: ["read", "write"],
  allowed_addresses: ["10.0.0.0/8", "2001:db8::/32"],
  limits: {
    requests_per_second: null,
    query_milli_units_per_second: null,
    write_milli_units_per_second: null,
    concurrent_requests: null,
  },
  created_at: "2026-10-01T00:00:00Z",
  expires_at: END,
};

it("addresses are separated by whatever people type between them", () => {
  expect(addressesOf(" 10.0.0.0/8,\n192.0.2.1\t::1, ")).toEqual(["10.0.0.0/8", "192.0.2.1", "::1"]);
  expect(addressesOf(" \n")).toEqual([]);
});

it("a new key has no rule that was not given", () => {
  expect(newKeyOf({ ...NEW_KEY, name: "bot" }, NOW)).toEqual({ name: "bot", namespaces: "*", scopes: ["read", "write"] });
  expect(newKeyOf({ ...NEW_KEY, name: "bot", addresses: "::1", expiry: "d30" }, NOW)).toMatchObject({
    allowed_addresses: ["::1"],
    expires_at: "2026-12-01T00:00:00.000Z",
  });
  const at = "2026-12-24T18:30";
  expect(newKeyOf({ ...NEW_KEY, expiry: "at", at }, NOW).expires_at).toBe(new Date(at).toISOString());
});

describe("a change", () => {
  it("sends nothing of what stayed, not even an end that the form shows to the minute", () => {
    expect(changeOf(KEY, draftOf(KEY), NOW)).toEqual({});
    expect(changeOf(KEY, { ...draftOf(KEY), name: " bot ", addresses: "10.0.0.0/8, 2001:db8::/32", scopes: ["write", "read"] }, NOW)).toEqual({});
  });

  it("sends what is different, also when it is taken away", () => {
    const draft = { ...draftOf(KEY), name: "app", addresses: "", expiry: "never" as const };
    expect(changeOf(KEY, draft, NOW)).toEqual({ name: "app", allowed_addresses: [], expires_at: null });
    expect(changeOf({ ...KEY, expires_at: null }, { ...draftOf(KEY), expiry: "d90" }, NOW)).toEqual({ expires_at: "2027-01-30T00:00:00.000Z" });
  });
});

describe("when somebody else has changed the key meanwhile", () => {
  const mine = { ...draftOf(KEY), name: "mine" };

  it("their other fields are taken over and mine stay", () => {
    const current: ApiKey = { ...KEY, version: 2, scopes: ["read"], allowed_addresses: [], expires_at: null };
    const { draft, theirs, both } = rebase(KEY, mine, current);
    expect(theirs).toEqual(["scopes", "addresses", "expiry"]);
    expect(both).toEqual([]);
    expect(draft).toEqual({ name: "mine", namespaces: "prod-*", scopes: ["read"], addresses: "", expiry: "never", at: "" });
    expect(changeOf(current, draft, NOW)).toEqual({ name: "mine" });
  });

  it("what both changed is said, unless it is the same", () => {
    expect(rebase(KEY, mine, { ...KEY, name: "theirs" })).toEqual({ draft: mine, theirs: ["name"], both: ["name"] });
    expect(rebase(KEY, mine, { ...KEY, name: "mine" })).toEqual({ draft: mine, theirs: ["name"], both: [] });
  });
});

it("a moment is shown in local time to the minute", () => {
  const shown = localMinute(END);
  expect(shown).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d$/);
  expect(new Date(shown).getTime()).toBe(Date.parse("2026-12-24T18:30:00Z"));
  expect(localMinute("no time")).toBe("");
});
