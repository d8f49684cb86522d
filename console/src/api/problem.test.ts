import { describe, expect, it } from "vitest";
import { codePage, fieldErrors, names, ProblemError, problemFrom, toProblem, wayOut } from "./problem";

const refused = (status: number, headers: Record<string, string> = {}) => new Response(null, { status, headers });
const body = (code: string, more: object = {}) => ({ type: "about:blank", title: "No", status: 400, code, detail: "why", request_id: "req_1", ...more });

describe("a problem document", () => {
  it("is read with its code, request id and fields", () => {
    const errors = [{ pointer: "/records/3/vector", code: "wrong_dimension", detail: "384 expected" }];
    const problem = problemFrom(refused(400), body("invalid_request", { errors }));
    expect(problem).toMatchObject({ status: 400, code: "invalid_request", title: "No", detail: "why", requestId: "req_1", errors });
    expect(fieldErrors(problem)).toEqual({ vector: "384 expected" });
    expect([names(problem, "/records/3/vector"), names(problem, "/records"), names(null, "/records")]).toEqual([true, false, false]);
  });

  it("names the field of a form, also where one of several values in it is wrong", () => {
    const errors = [{ pointer: "/allowed_addresses/2", code: "duplicate", detail: "each range stands once" }];
    expect(fieldErrors(problemFrom(refused(400), body("invalid_request", { errors })))).toEqual({ allowed_addresses: "each range stands once" });
  });

  it("names them by one object each time, for forms to see that nothing new was refused", () => {
    const problem = problemFrom(refused(400), body("invalid_request", { errors: [{ pointer: "/name", code: "empty" }] }));
    expect(fieldErrors(problem)).toBe(fieldErrors(problem));
    expect(fieldErrors(null)).toBe(fieldErrors(problemFrom(refused(500), null)));
  });

  it("keeps what only some codes tell", () => {
    const problem = problemFrom(refused(412), body("precondition_failed", { current_version: 3 }));
    expect(problem.members["current_version"]).toBe(3);
  });

  it("may be no problem document at all: a proxy's page, an empty body, a wrong shape", () => {
    for (const odd of [undefined, null, "<html>", 7, [], { errors: [null, 3, { pointer: 1 }] }]) {
      const problem = problemFrom(refused(502, { "x-request-id": "req_2" }), odd);
      expect(problem).toMatchObject({ status: 502, code: "http_502", requestId: "req_2" });
      expect(codePage(problem)).toBeNull();
    }
  });

  it("tells how long to wait only when it is a number of seconds", () => {
    expect(problemFrom(refused(429, { "retry-after": "7" }), {}).retryAfter).toBe(7);
    expect(problemFrom(refused(429, { "retry-after": "soon" }), {}).retryAfter).toBeNull();
    expect(problemFrom(refused(429), {}).retryAfter).toBeNull();
  });
});

describe("the way out", () => {
  it.each([
    [401, "unauthenticated", "log_in"],
    [402, "cap_reached", "budget"],
    [403, "forbidden", "permission"],
    [403, "feature_not_in_edition", "upgrade"],
    [403, "limit_exceeded", "limit"],
    [403, "csrf_failed", "reload"],
    [404, "not_found", "gone"],
    [409, "conflict", "state"],
    [413, "payload_too_large", "fix_input"],
    [429, "rate_limited", "wait"],
    [429, "included_amount_used", "upgrade"],
    [500, "internal", "support"],
    [503, "unavailable", "retry"],
  ] as const)("of %i %s is %s", (status, code, way) => {
    expect(wayOut(problemFrom(refused(status), body(code)))).toBe(way);
  });

  it("of a link that does not work is to ask for another one", () => {
    const errors = [{ pointer: "/token", code: "invalid_token", detail: "used" }];
    expect(wayOut(problemFrom(refused(400), body("invalid_request", { errors })))).toBe("other_link");
  });

  it("of no answer at all is to try again", () => {
    const problem = toProblem(new TypeError("Failed to fetch"));
    expect(problem.code).toBe("unreachable");
    expect(wayOut(problem)).toBe("retry");
  });
});

it("a thrown problem is found again", () => {
  const problem = problemFrom(refused(404), body("not_found"));
  expect(toProblem(new ProblemError(problem))).toBe(problem);
});
