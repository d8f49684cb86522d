import { describe, expect, it } from "vitest";
import { InexactInteger, parseExact, parseWithBigInts, showJson } from "./exactJson";

describe("what a person writes", () => {
  it.each(["9007199254740993", "-9007199254740993", "18446744073709551615", "10000000000000000"])("an integer that would be altered is refused: %s", (literal) => {
    expect(() => parseExact(`[{"n": ${literal}}]`)).toThrow(InexactInteger);
    try {
      parseExact(`[1,${literal},2]`);
      expect.unreachable();
    } catch (error) {
      expect(error).toMatchObject({ literal });
    }
  });

  it.each(["9007199254740992", "-9007199254740992", "0", "1e30", "12345678901234567890.5", "0.12345678901234567890"])("%s is read", (literal) => {
    expect(parseExact(literal)).toBe(Number(literal));
  });

  it("digits inside strings are text, whatever quotes and backslashes stand beside them", () => {
    for (const value of [
      ["9007199254740993"],
      { "9007199254740993": "a" },
      ['" 9007199254740993', "\\", "9007199254740993\\"],
      ['\\" 9007199254740993 "'],
    ]) {
      expect(parseExact(JSON.stringify(value))).toEqual(value);
    }
    expect(() => parseExact('["\\\\", 9007199254740993]')).toThrow(InexactInteger);
  });

  it("what is no JSON is a syntax error, also with such an integer in it", () => {
    for (const json of ["", "[", "[9007199254740993", "{a: 9007199254740993}"]) expect(() => parseExact(json)).toThrow(SyntaxError);
  });

  it("a text of megabytes is read", () => {
    const long = "x".repeat(8_000_000);
    expect(parseExact(`["${long}"]`)).toEqual([long]);
  });
});

describe("what the API answers", () => {
  it("keeps every digit of a wide integer, and its neighbours as they are", () => {
    const json = '{"a": [9007199254740993, -9223372036854775808, 7, 1.5], "b": "integer:9007199254740993", "c": null}';
    expect(parseWithBigInts(json)).toEqual({ a: [9007199254740993n, -9223372036854775808n, 7, 1.5], b: "integer:9007199254740993", c: null });
  });

  it("without one is what JSON.parse gives", () => {
    expect(parseWithBigInts('{"a": [1, "b", 9007199254740992]}')).toEqual({ a: [1, "b", 9007199254740992] });
  });
});

it("a value is shown as JSON with all digits", () => {
  const value = { n: 9007199254740993n, list: [1, "q\"", null, true], none: undefined, deep: { m: -1.5 } };
  expect(showJson(value)).toBe('{"n":9007199254740993,"list":[1,"q\\"",null,true],"deep":{"m":-1.5}}');
  const plain = { a: [1, { b: "x" }], c: false };
  expect(showJson(plain)).toBe(JSON.stringify(plain));
});
