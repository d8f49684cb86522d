import { describe, expect, it } from "vitest";
import { callers, type Description, flatten, groupsOf, present, rulesOf, type Schema, typeName } from "./description";
import { exampleOf, requestExample } from "./example";

const schemas: Record<string, Schema> = {
  Money: { type: "object", properties: { amount: { type: "string" }, currency: { type: "string" } }, required: ["amount"] },
  Node: { type: "object", properties: { name: { type: "string" }, child: { $ref: "#/components/schemas/Node" } }, required: ["name", "child"] },
  Mode: { type: "string", enum: ["vector", "text"] },
};

const description: Description = {
  info: { title: "T", version: "1" },
  tags: [{ name: "api_keys", description: "Keys" }, { name: "empty" }],
  paths: {
    "/v1/a": {
      get: { operationId: "list_a", tags: ["api_keys"], security: [{ session: [] }, { api_key: [] }] },
      post: {
        tags: ["other"],
        security: [{}],
        requestBody: { content: { "application/json": { schema: { type: "object", properties: { mode: { $ref: "#/components/schemas/Mode" } } } } } },
      },
    },
  },
  components: { schemas },
};

const ref = (name: string): Schema => ({ $ref: `#/components/schemas/${name}` });

it("operations are grouped by tag, tags without any are left out", () => {
  const groups = groupsOf(description, "Other");
  expect(groups.map(({ name, operations }) => [name, operations.map(({ id }) => id)])).toEqual([
    ["api keys", ["list_a"]],
    ["other", ["post_v1_a"]],
  ]);
});

it("says who may call", () => {
  expect(callers({ security: [{ session: [] }, { api_key: [] }] })).toEqual({ anybody: false, key: true, session: true });
  expect(callers({ security: [{}] }).anybody).toBe(true);
  expect(callers({}).key).toBe(true);
});

it("names types as people read them", () => {
  expect(typeName(description, { type: "array", items: ref("Money") })).toBe("Money[]");
  expect(typeName(description, { oneOf: [{ type: "null" }, ref("Money")] })).toBe("Money");
  expect(typeName(description, { type: ["integer", "null"], format: "int64" })).toBe("integer (int64)");
  expect(typeName(description, { type: "object", additionalProperties: { type: "string" } })).toBe("{ [name]: string }");
  expect(typeName(description, ref("Missing"))).toBe("any");
});

it("says the rules of a value", () => {
  expect(rulesOf({ minimum: 1, maximum: 1000, default: 10 })).toEqual(["1 – 1000", "= 10"]);
  expect(rulesOf({ maxLength: 128, enum: ["a"] })).toEqual(["≤ 128 characters", '"a"']);
});

it("a nullable part keeps its own description", () => {
  expect(present({ oneOf: [{ type: "null" }, { type: "string" }], description: "why" })).toEqual({ type: "string", description: "why" });
});

it("the parts of an allOf are one object", () => {
  const whole = flatten(description, { allOf: [ref("Money"), { properties: { id: { type: "string" } }, required: ["id"] }] });
  expect(Object.keys(whole.properties ?? {})).toEqual(["amount", "currency", "id"]);
  expect(whole.required).toEqual(["amount", "id"]);
});

describe("examples", () => {
  it("end where a schema contains itself", () => {
    expect(JSON.stringify(exampleOf(description, ref("Node"))).length).toBeLessThan(1000);
  });

  it("take the given value, then the first of an enum", () => {
    expect(exampleOf(description, { type: "string", example: "en" })).toBe("en");
    expect(exampleOf(description, ref("Mode"))).toBe("vector");
  });

  it("carry a key only where one is asked for", () => {
    const [keys, other] = groupsOf(description, "Other").flatMap(({ operations }) => operations);
    expect(keys && requestExample(description, keys, "http://h")).toContain("Authorization: Bearer");
    const open = other && requestExample(description, other, "http://h");
    expect(open).not.toContain("Authorization");
    expect(open).toContain(`'{"mode":"vector"}'`);
  });
});
