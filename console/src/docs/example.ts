/** An example request of an operation, made from its schema. */
import { curl, KEY_PLACEHOLDER } from "../format/snippets";
import { EXAMPLES } from "./examples";
import { callers, type Description, flatten, type Operation, present, resolve, type Schema } from "./description";

/** Deep enough for every body of the API, and an end for one that refers to itself. */
const MAX_DEPTH = 5;

function given(schema: Schema): unknown {
  return schema.example ?? schema.examples?.[0] ?? schema.const ?? schema.default ?? schema.enum?.[0];
}

function ofPlain(type: string | undefined, schema: Schema): unknown {
  switch (type) {
    case "integer":
    case "number":
      return schema.minimum ?? 1;
    case "boolean":
      return true;
    case "string":
      return schema.format === "date-time" ? "2026-01-31T12:00:00Z" : "…";
    default:
      return {};
  }
}

/** A value that has every required field, and every field at the top. */
export function exampleOf(description: Description, schema: Schema, depth = 0): unknown {
  const at = flatten(description, present(resolve(description, schema).schema));
  const known = given(at);
  if (known !== undefined && known !== null) return known;
  const type = Array.isArray(at.type) ? at.type.find((one) => one !== "null") : at.type;
  const choice = at.oneOf?.[0] ?? at.anyOf?.[0];
  if (choice && depth < MAX_DEPTH) return exampleOf(description, choice, depth + 1);
  if (type === "array") return at.items && depth < MAX_DEPTH ? [exampleOf(description, at.items, depth + 1)] : [];
  if (!at.properties) return ofPlain(type, at);
  const named = Object.entries(at.properties).filter(([name]) => depth === 0 || at.required?.includes(name) === true);
  return Object.fromEntries(named.map(([name, part]) => [name, depth < MAX_DEPTH ? exampleOf(description, part, depth + 1) : {}]));
}

export function requestExample(description: Description, operation: Operation, baseUrl: string): string {
  const content = operation.requestBody?.content?.["application/json"];
  const body =
    EXAMPLES[operation.id] ?? content?.example ?? (content?.schema ? exampleOf(description, content.schema) : undefined);
  return curl({ method: operation.method.toUpperCase(), url: baseUrl + operation.path, key: callers(operation).key ? KEY_PLACEHOLDER : null, body });
}
