/**
 * JSON whose integers may be wider than a number of JavaScript holds. The API stores integers of 64 bits, a number
 * holds those up to 2^53, and `JSON.parse` rounds the others without a word.
 */

/** The largest integer up to which a number holds every integer. */
const EXACT_DIGITS = String(2 ** 53);

const NUMBER = /-?\d[\d.eE+-]*/y;

/** Text with an integer beyond 2^53, which would be altered on its way through a number. */
export class InexactInteger extends Error {
  /** As it was written. */
  readonly literal: string;

  constructor(literal: string) {
    super(`${literal} is beyond 2^53`);
    this.name = "InexactInteger";
    this.literal = literal;
  }
}

/** Where the string that begins at `start` ends: the place after its closing quote. */
function endOfString(json: string, start: number): number {
  let at = start + 1;
  while (at < json.length && json[at] !== '"') at += json[at] === "\\" ? 2 : 1;
  return at + 1;
}

/** Numbers with a fraction or an exponent are floats to the API too. */
function isBeyond(literal: string): boolean {
  if (/[.eE]/.test(literal)) return false;
  const digits = literal.replace("-", "");
  return digits.length > EXACT_DIGITS.length || (digits.length === EXACT_DIGITS.length && digits > EXACT_DIGITS);
}

interface Place {
  literal: string;
  start: number;
}

/** The integers beyond 2^53 outside the strings of valid JSON, in their order. */
function* inexactIntegers(json: string): Generator<Place> {
  let at = 0;
  while (at < json.length) {
    if (json[at] === '"') {
      at = endOfString(json, at);
      continue;
    }
    NUMBER.lastIndex = at;
    const literal = NUMBER.exec(json)?.[0];
    if (literal !== undefined && isBeyond(literal)) yield { literal, start: at };
    at += literal?.length ?? 1;
  }
}

/**
 * What a person wrote, as `JSON.parse` reads it.
 *
 * Throws a `SyntaxError` for what is no JSON, and `InexactInteger` rather than alter an integer.
 */
export function parseExact(json: string): unknown {
  const parsed: unknown = JSON.parse(json);
  for (const { literal } of inexactIntegers(json)) throw new InexactInteger(literal);
  return parsed;
}

/** What the API answered: integers beyond 2^53 are `bigint`, all other numbers are numbers. */
export function parseWithBigInts(json: string): unknown {
  const wide = [...inexactIntegers(json)];
  if (wide.length === 0) return JSON.parse(json) as unknown;
  // They go through the parser as strings with a mark that no string of this text has.
  let mark = "integer:";
  while (json.includes(mark)) mark = `_${mark}`;
  let quoted = "";
  let done = 0;
  for (const { literal, start } of wide) {
    quoted += `${json.slice(done, start)}"${mark}${literal}"`;
    done = start + literal.length;
  }
  return JSON.parse(quoted + json.slice(done), (_, value: unknown) =>
    typeof value === "string" && value.startsWith(mark) ? BigInt(value.slice(mark.length)) : value,
  ) as unknown;
}

/** A value for people to read, as JSON; a `bigint` in it keeps all its digits. */
export function showJson(value: unknown): string {
  if (typeof value === "bigint") return value.toString();
  if (Array.isArray(value)) return `[${value.map(showJson).join(",")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const members = Object.entries(value).filter(([, member]) => member !== undefined);
  return `{${members.map(([name, member]) => `${JSON.stringify(name)}:${showJson(member)}`).join(",")}}`;
}
