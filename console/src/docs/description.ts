/** The OpenAPI 3.1 description as the reference reads it: only the parts that it shows. */

export interface Schema {
  $ref?: string;
  type?: string | string[];
  format?: string;
  title?: string;
  description?: string;
  enum?: unknown[];
  const?: unknown;
  default?: unknown;
  example?: unknown;
  examples?: unknown[];
  minimum?: number;
  maximum?: number;
  minLength?: number;
  maxLength?: number;
  minItems?: number;
  maxItems?: number;
  pattern?: string;
  properties?: Record<string, Schema>;
  required?: string[];
  items?: Schema;
  additionalProperties?: Schema | boolean;
  allOf?: Schema[];
  oneOf?: Schema[];
  anyOf?: Schema[];
}

export interface Parameter {
  name: string;
  in: string;
  required?: boolean;
  description?: string;
  schema?: Schema;
}

interface Content {
  content?: Record<string, { schema?: Schema; example?: unknown }>;
}

export interface OperationObject {
  operationId?: string;
  summary?: string;
  description?: string;
  tags?: string[];
  parameters?: Parameter[];
  /** One of these lets a caller in; none, or an empty one, says that no credential is needed. */
  security?: Record<string, unknown>[];
  requestBody?: Content & { required?: boolean };
  responses?: Record<string, Content & { description?: string }>;
}

export interface Description {
  info: { title: string; version: string; description?: string };
  tags?: { name: string; description?: string }[];
  paths: Record<string, Partial<Record<string, OperationObject>> & { parameters?: Parameter[] }>;
  components?: { schemas?: Record<string, Schema> };
}

const METHODS = ["get", "put", "post", "patch", "delete"] as const;
export type Method = (typeof METHODS)[number];

export interface Operation extends OperationObject {
  id: string;
  method: Method;
  path: string;
  parameters: Parameter[];
}

export interface Group {
  name: string;
  description: string | undefined;
  operations: Operation[];
}

function operationsOf(description: Description): Operation[] {
  return Object.entries(description.paths).flatMap(([path, item]) =>
    METHODS.flatMap((method) => {
      const found = item[method];
      if (!found) return [];
      return [
        {
          ...found,
          id: found.operationId ?? `${method}${path.replaceAll(/[^A-Za-z0-9]+/g, "_")}`,
          method,
          path,
          parameters: [...(item.parameters ?? []), ...(found.parameters ?? [])],
        },
      ];
    }),
  );
}

/** Operations by their first tag, in the order in which the description names the tags. */
export function groupsOf(description: Description, untagged: string): Group[] {
  const groups = new Map<string, Group>();
  for (const tag of description.tags ?? []) {
    const name = tag.name.replaceAll("_", " ");
    groups.set(name, { name, description: tag.description, operations: [] });
  }
  for (const operation of operationsOf(description)) {
    const name = (operation.tags?.[0] ?? untagged).replaceAll("_", " ");
    const group = groups.get(name) ?? { name, description: undefined, operations: [] };
    group.operations.push(operation);
    groups.set(name, group);
  }
  return [...groups.values()].filter(({ operations }) => operations.length > 0);
}

/** Who may call an operation. */
export function callers({ security }: OperationObject): { anybody: boolean; key: boolean; session: boolean } {
  const schemes = (security ?? [{ api_key: [] }]).flatMap((one) => Object.keys(one));
  return { anybody: schemes.length === 0, key: schemes.includes("api_key"), session: schemes.includes("session") };
}

const REF = "#/components/schemas/";

/** Follows a reference; the name it went by is kept as the type's name. */
export function resolve(description: Description, schema: Schema): { schema: Schema; name: string | null } {
  let name: string | null = null;
  let at = schema;
  for (let hops = 0; at.$ref !== undefined && hops < 10; hops += 1) {
    name = at.$ref.replace(REF, "");
    at = description.components?.schemas?.[name] ?? {};
  }
  return { schema: at, name };
}

/** The parts of `allOf` as one object. */
export function flatten(description: Description, schema: Schema): Schema {
  const { schema: at } = resolve(description, schema);
  if (!at.allOf) return at;
  const parts = at.allOf.map((part) => flatten(description, part));
  return {
    ...at,
    type: "object",
    properties: Object.assign({}, ...parts.map((part) => part.properties ?? {}), at.properties ?? {}) as Record<string, Schema>,
    required: [...parts.flatMap((part) => part.required ?? []), ...(at.required ?? [])],
  };
}

const isNull = (schema: Schema): boolean => schema.type === "null";

/** `T | null` as T. */
export function present(schema: Schema): Schema {
  const choices = (schema.oneOf ?? schema.anyOf ?? []).filter((one) => !isNull(one));
  return choices.length === 1 && choices[0] ? { ...choices[0], ...(schema.description ? { description: schema.description } : {}) } : schema;
}

/** The type of a schema in a few words. */
export function typeName(description: Description, schema: Schema): string {
  const { schema: at, name } = resolve(description, present(schema));
  const types = (Array.isArray(at.type) ? at.type : [at.type]).filter((type) => type !== undefined && type !== "null");
  if (types[0] === "array") return `${at.items ? typeName(description, at.items) : "any"}[]`;
  if (at.properties ?? at.allOf) return name ?? "object";
  if (typeof at.additionalProperties === "object") return `{ [name]: ${typeName(description, at.additionalProperties)} }`;
  if (at.oneOf ?? at.anyOf) return name ?? (at.oneOf ?? at.anyOf ?? []).map((one) => typeName(description, one)).join(" | ");
  const plain = types.join(" | ") || "any";
  return at.format ? `${plain} (${at.format})` : plain;
}

/** Rules beyond the type, as short texts. */
export function rulesOf(schema: Schema): string[] {
  const rules: string[] = [];
  const range = (low: number | undefined, high: number | undefined, what: string) => {
    if (low !== undefined && high !== undefined) rules.push(`${low} – ${high}${what}`);
    else if (low !== undefined) rules.push(`≥ ${low}${what}`);
    else if (high !== undefined) rules.push(`≤ ${high}${what}`);
  };
  range(schema.minimum, schema.maximum, "");
  range(schema.minLength, schema.maxLength, " characters");
  range(schema.minItems, schema.maxItems, " items");
  if (schema.pattern) rules.push(schema.pattern);
  if (schema.enum) rules.push(schema.enum.map((value) => JSON.stringify(value)).join(" | "));
  if (schema.default !== undefined && schema.default !== null) rules.push(`= ${JSON.stringify(schema.default)}`);
  return rules;
}
