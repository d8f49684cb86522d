import { beforeEach, expect, it, vi } from "vitest";
import { keepReturn, takeReturn } from "./returnTo";

const DAY = 24 * 3_600_000;
let kept = new Map<string, string>();

beforeEach(() => {
  kept = new Map();
  vi.stubGlobal("localStorage", {
    getItem: (name: string) => kept.get(name) ?? null,
    setItem: (name: string, value: string) => kept.set(name, value),
    removeItem: (name: string) => kept.delete(name),
  });
});

it("an invitation is come back to, once", () => {
  keepReturn("/invitation?token=abc", 0);
  expect(takeReturn(DAY - 1)).toBe("/invitation?token=abc");
  expect(takeReturn(DAY - 1)).toBeNull();
});

it("what is too old, or leads elsewhere, is not", () => {
  keepReturn("/invitation?token=abc", 0);
  expect(takeReturn(DAY)).toBeNull();
  keepReturn("/orgs/org_1/keys", 0);
  expect(kept.size).toBe(0);
  for (const to of ["//evil.example/invitation?", "https://evil.example/invitation?", "/orgs/org_1/keys", 7]) {
    kept.set("adb-return", JSON.stringify({ to, until: DAY }));
    expect(takeReturn(0)).toBeNull();
  }
  kept.set("adb-return", "no JSON");
  expect(takeReturn(0)).toBeNull();
});

it("a browser without storage keeps nothing and fails at nothing", () => {
  const denied = () => {
    throw new Error("denied");
  };
  vi.stubGlobal("localStorage", { getItem: denied, setItem: denied, removeItem: denied });
  keepReturn("/invitation?token=abc", 0);
  expect(takeReturn(0)).toBeNull();
});
