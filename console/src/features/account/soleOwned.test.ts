import { expect, it } from "vitest";
import { problemFrom } from "../../api/problem";
import { soleOwned } from "./soleOwned";

const conflict = (organizations: unknown) => problemFrom(new Response(null, { status: 409 }), { code: "conflict", organizations });

it("organisations without another owner are read from the refusal, and nothing else is", () => {
  expect(soleOwned(conflict([{ id: "org_1", name: "One" }]))).toEqual([{ id: "org_1", name: "One" }]);
  for (const odd of [undefined, "org_1", [null], [{ id: 1, name: "One" }], [{ id: "org_1" }]]) expect(soleOwned(conflict(odd))).toEqual([]);
});
