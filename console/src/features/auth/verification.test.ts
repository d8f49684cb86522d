import { expect, it } from "vitest";
import { problemFrom, type Problem } from "../../api/problem";
import { asksPassword, isDeadLink, isWrongPassword } from "./verification";

const refusal = (pointer: string, code: string): Problem =>
  problemFrom(new Response(null, { status: 400 }), { code: "invalid_request", errors: [{ pointer, code, detail: "Why." }] });

it("another browser is asked for the password, and nothing is called wrong yet", () => {
  const asked = refusal("/password", "password_required");
  expect(asksPassword(asked)).toBe(true);
  expect(isDeadLink(asked)).toBe(false);
  expect(isWrongPassword(asked)).toBe(false);
});

it("a wrong password is told from a missing one, and asked for again", () => {
  const wrong = refusal("/password", "wrong_password");
  expect(asksPassword(wrong)).toBe(true);
  expect(isDeadLink(wrong)).toBe(false);
  expect(isWrongPassword(wrong)).toBe(true);
});

it("a dead link asks for no password", () => {
  const dead = refusal("/token", "invalid_token");
  expect(asksPassword(dead)).toBe(false);
  expect(isDeadLink(dead)).toBe(true);
});

it("a service that is busy has said nothing of link or password", () => {
  const busy = problemFrom(new Response(null, { status: 503 }), { code: "unavailable" });
  expect([asksPassword(busy), isDeadLink(busy), isWrongPassword(busy)]).toEqual([false, false, false]);
});
