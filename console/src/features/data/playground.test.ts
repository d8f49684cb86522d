import { describe, expect, it } from "vitest";
import { buildQuery, emptyForm, parseVector } from "./query";
import { parseAttributes, recordsFromJson, recordsFromText, textId } from "./records";

const request = (form: Partial<typeof emptyForm>) => buildQuery({ ...emptyForm, text: "q", ...form });

describe("the query of the form", () => {
  it("sends alpha only for a weighted hybrid", () => {
    expect(request({ alpha: 0.7 })).toMatchObject({ ok: true, request: expect.not.objectContaining({ alpha: 0.7 }) as object });
    expect(request({ alpha: 0.7, fusion: "weighted" })).toMatchObject({ request: { mode: "hybrid", alpha: 0.7 } });
    expect(request({ alpha: 0.7, fusion: "weighted", mode: "text" })).toMatchObject({
      request: expect.not.objectContaining({ alpha: 0.7 }) as object,
    });
  });

  it("sends a vector instead of text, and only a real one", () => {
    expect(request({ mode: "vector", vector: "[1, 2.5]" })).toMatchObject({ request: { mode: "vector", vector: [1, 2.5] } });
    for (const vector of ["", "[]", "[1, null]", '["1"]', "1, 2", "{}"]) {
      expect(request({ mode: "vector", vector })).toEqual({ ok: false, field: "vector" });
    }
  });

  it("sends a filter with its parameters, and neither when it is empty", () => {
    expect(request({ filter: " lang = $1 ", params: '["en"]' })).toMatchObject({ request: { filter: "lang = $1", params: ["en"] } });
    expect(request({ filter: "lang = $1", params: "en" })).toEqual({ ok: false, field: "params", integer: null });
    expect(request({ filter: "lang = $1", params: '{"a":1}' })).toEqual({ ok: false, field: "params", integer: null });
    const empty = request({ filter: "  ", params: "en" });
    expect(empty.ok && Object.keys(empty.request)).not.toContain("filter");
  });
});

it("a parameter that a number would alter is not sent", () => {
  expect(request({ filter: "n = $1", params: "[9007199254740993]" })).toEqual({ ok: false, field: "params", integer: "9007199254740993" });
  expect(request({ filter: "n = $1", params: '["9007199254740993"]' })).toMatchObject({ request: { params: ["9007199254740993"] } });
});

it("a vector is a JSON array of numbers", () => {
  expect(parseVector("[0, -1e-3]")).toEqual([0, -0.001]);
  expect(parseVector("[NaN]")).toBeNull();
});

describe("records", () => {
  it("are the lines of a text, each once, with an id from its text", () => {
    const records = recordsFromText("  One.\n\nTwo.\r\nOne.\n");
    expect(records.map(({ text }) => text)).toEqual(["One.", "Two."]);
    expect(records[0]?.id).toBe(textId("One."));
  });

  it("have ids that other programs can make too: FNV-1a of 64 bits", () => {
    expect(textId("")).toBe("cbf29ce484222325");
    expect(textId("a")).toBe("af63dc4c8601ec8c");
    expect(textId("foobar")).toBe("85944171f73967e8");
  });

  it("come from a JSON array and nothing else", () => {
    expect(recordsFromJson('[{"id":"a"}]')).toEqual({ ok: true, records: [{ id: "a" }] });
    expect(recordsFromJson('{"id":"a"}').ok).toBe(false);
    expect(recordsFromJson("[").ok).toBe(false);
  });

  it("with an integer that a number would alter are not taken, but in a string it is text", () => {
    const record = (value: string) => recordsFromJson(`[{"id":"a","attributes":{"n":${value}}}]`);
    expect(record("9007199254740993")).toEqual({ ok: false, integer: "9007199254740993" });
    expect(record('"9007199254740993"')).toEqual({ ok: true, records: [{ id: "a", attributes: { n: "9007199254740993" } }] });
    expect(record("9007199254740992")).toMatchObject({ records: [{ attributes: { n: 9007199254740992 } }] });
  });
});

it("attributes are declared a line each, and a wrong line is named", () => {
  expect(parseAttributes("lang: string\n\n year : int ")).toEqual({ ok: true, attributes: { lang: "string", year: "int" } });
  expect(parseAttributes("")).toEqual({ ok: true, attributes: {} });
  for (const line of ["lang", "lang: text", ": int", "a: b: int"]) {
    expect(parseAttributes(`ok: bool\n${line}`)).toEqual({ ok: false, line: 2 });
  }
});
