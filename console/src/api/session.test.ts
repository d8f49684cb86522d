import { expect, it, vi } from "vitest";
import { CsrfToken, needsCsrf } from "./session";

it("asks for the token once, however many calls need it", async () => {
  const load = vi.fn(() => Promise.resolve("csrf_1"));
  const token = new CsrfToken(load);
  expect(await Promise.all([token.get(), token.get(), token.get()])).toEqual(["csrf_1", "csrf_1", "csrf_1"]);
  expect(await token.get()).toBe("csrf_1");
  expect(load).toHaveBeenCalledTimes(1);
});

it("takes the token that a log-in brings, and asks anew after a log-out", async () => {
  const load = vi.fn(() => Promise.resolve<string | null>("csrf_2"));
  const token = new CsrfToken(load);
  token.set("csrf_1");
  expect(await token.get()).toBe("csrf_1");
  token.set(null);
  expect(await token.get()).toBe("csrf_2");
});

it("a look-up that fails or finds nobody is not kept", async () => {
  const answers = [Promise.reject(new Error("down")), Promise.resolve(null), Promise.resolve("csrf_1")];
  const token = new CsrfToken(() => answers.shift() ?? Promise.resolve(null));
  await expect(token.get()).rejects.toThrow("down");
  expect(await token.get()).toBeNull();
  expect(await token.get()).toBe("csrf_1");
});

it("a log-in that comes while the look-up runs wins", async () => {
  let answer: (token: string) => void = () => undefined;
  const token = new CsrfToken(() => new Promise((resolve) => (answer = resolve)));
  const asked = token.get();
  token.set("of_the_log_in");
  answer("of_the_old_session");
  expect(await asked).toBe("of_the_log_in");
});

it.each([
  ["GET", "/v1/me", false],
  ["HEAD", "/v1/me", false],
  ["POST", "/v1/auth/signup", false],
  ["POST", "/v1/auth/login", false],
  ["POST", "/v1/auth/verify", false],
  ["POST", "/v1/auth/password/forgot", false],
  ["POST", "/v1/auth/password/reset", false],
  ["POST", "/v1/auth/email/confirm", false],
  ["PUT", "/v1/me/password", true],
  ["POST", "/v1/auth/logout", true],
  ["POST", "/v1/orgs/org_1/api-keys", true],
  ["delete", "/v1/orgs/org_1/namespaces/a", true],
])("%s %s needs the header: %s", (method, path, needed) => {
  expect(needsCsrf(method, path)).toBe(needed);
});
