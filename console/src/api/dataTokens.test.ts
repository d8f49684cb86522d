import { beforeEach, describe, expect, it, vi } from "vitest";
import { DataTokens } from "./dataTokens";

const START = Date.parse("2026-01-01T00:00:00Z");
const QUARTER_MS = 15 * 60_000;
let now = START;
let made = 0;
const mint = vi.fn((org: string) => {
  made += 1;
  return Promise.resolve({ token: `${org}_${made}`, expires_at: new Date(now + QUARTER_MS).toISOString() });
});
let tokens = new DataTokens(mint, () => now);

beforeEach(() => {
  now = START;
  made = 0;
  mint.mockClear();
  tokens = new DataTokens(mint, () => now);
});

describe("data tokens", () => {
  it("one is made for many calls at once", async () => {
    expect(await Promise.all([tokens.get("a"), tokens.get("a")])).toEqual(["a_1", "a_1"]);
    expect(mint).toHaveBeenCalledTimes(1);
  });

  it("each organisation has its own", async () => {
    expect(await tokens.get("a")).toBe("a_1");
    expect(await tokens.get("b")).toBe("b_2");
    expect(await tokens.get("a")).toBe("a_1");
  });

  it("one near its end is replaced before it is refused", async () => {
    await tokens.get("a");
    now = START + QUARTER_MS - 61_000;
    expect(await tokens.get("a")).toBe("a_1");
    now = START + QUARTER_MS - 60_000;
    expect(await tokens.get("a")).toBe("a_2");
  });

  it("a refused one is replaced, but not the one that replaced it", async () => {
    await tokens.get("a");
    tokens.drop("a", "a_1");
    expect(await tokens.get("a")).toBe("a_2");
    tokens.drop("a", "a_1");
    expect(await tokens.get("a")).toBe("a_2");
  });

  it("a refusal to make one is passed on and not remembered", async () => {
    mint.mockRejectedValueOnce(new Error("403"));
    await expect(tokens.get("a")).rejects.toThrow("403");
    expect(await tokens.get("a")).toBe("a_1");
  });

  it("none is left after a log-out", async () => {
    await tokens.get("a");
    tokens.clear();
    expect(await tokens.get("a")).toBe("a_2");
  });

  it("one that is being made when the session ends is not used by the next", async () => {
    let give: (token: { token: string; expires_at: string }) => void = () => undefined;
    mint.mockImplementationOnce(() => new Promise((resolve) => (give = resolve)));
    const old = tokens.get("a");
    tokens.clear();
    const next = tokens.get("a");
    give({ token: "of_the_old_session", expires_at: new Date(now + QUARTER_MS).toISOString() });
    expect(await old).toBe("of_the_old_session");
    expect(await next).toBe("a_1");
    expect(await tokens.get("a")).toBe("a_1");
    expect(mint).toHaveBeenCalledTimes(2);
  });
});
