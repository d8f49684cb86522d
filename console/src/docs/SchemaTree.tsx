import { useTranslation } from "react-i18next";
import { Prose } from "./Prose";
import { type Description, flatten, present, resolve, rulesOf, type Schema, typeName } from "./description";

interface SchemaTreeProps {
  description: Description;
  schema: Schema;
  depth?: number;
}

/** Deeper parts are named, not unfolded. */
const MAX_DEPTH = 4;

/** What stands inside: the fields of an object, of an array's items, or of a map's values. */
function inner(description: Description, schema: Schema): Schema {
  const at = flatten(description, present(resolve(description, schema).schema));
  if (at.items) return inner(description, at.items);
  if (typeof at.additionalProperties === "object" && !at.properties) return inner(description, at.additionalProperties);
  return at;
}

/** The fields of a body, each with its type, rules and meaning. */
export function SchemaTree({ description, schema, depth = 0 }: SchemaTreeProps) {
  const { t } = useTranslation();
  const at = inner(description, schema);
  const fields = Object.entries(at.properties ?? {});
  if (fields.length === 0) {
    return depth === 0 ? <p className="font-mono text-xs text-ink-2">{typeName(description, schema)}</p> : null;
  }
  return (
    <ul className="divide-y divide-line border-t border-line">
      {fields.map(([name, part]) => (
        <li key={name} className="flex flex-col gap-1 py-2">
          <div className="flex flex-wrap items-baseline gap-x-2 gap-y-0.5 text-sm">
            <code className="font-mono text-xs font-semibold">{name}</code>
            <code className="font-mono text-xs break-words text-ink-3">{typeName(description, part)}</code>
            {at.required?.includes(name) ? <span className="text-xs text-warn">{t("docs.required")}</span> : null}
          </div>
          <Meaning description={description} schema={part} />
          <Inside description={description} schema={part} depth={depth} />
        </li>
      ))}
    </ul>
  );
}

function Meaning({ description, schema }: SchemaTreeProps) {
  const at = present(schema);
  const target = resolve(description, at).schema;
  const rules = rulesOf({ ...target, ...at });
  const text = schema.description ?? target.description;
  return (
    <>
      {text ? <p className="text-sm whitespace-pre-line text-ink-2"><Prose text={text} /></p> : null}
      {rules.length > 0 ? <p className="font-mono text-xs break-words text-ink-3">{rules.join("; ")}</p> : null}
    </>
  );
}

function Inside({ description, schema, depth = 0 }: SchemaTreeProps) {
  const { t } = useTranslation();
  const count = Object.keys(inner(description, schema).properties ?? {}).length;
  if (count === 0 || depth >= MAX_DEPTH) return null;
  return (
    <details className="rounded-md">
      <summary className="cursor-pointer text-xs font-medium text-accent">
        {count} {t("docs.keys_of")}
      </summary>
      <div className="mt-1 border-l-2 border-line pl-3">
        <SchemaTree description={description} schema={schema} depth={depth + 1} />
      </div>
    </details>
  );
}
