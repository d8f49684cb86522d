import { useTranslation } from "react-i18next";
import { CodeBlock } from "../ui/CodeBlock";
import { cx } from "../ui/classes";
import { type Column, Table } from "../ui/Table";
import { callers, type Description, type Method, type Operation, type Parameter, rulesOf, typeName } from "./description";
import { requestExample } from "./example";
import { Prose } from "./Prose";
import { SchemaTree } from "./SchemaTree";

const TONES: Record<Method, string> = {
  get: "bg-ok-soft text-ok",
  put: "bg-warn-soft text-warn",
  post: "bg-accent-soft text-accent",
  patch: "bg-warn-soft text-warn",
  delete: "bg-danger-soft text-danger",
};

export const MethodBadge = ({ method }: { method: Method }) => (
  <span className={cx("w-14 shrink-0 rounded px-1.5 py-0.5 text-center font-mono text-[0.6875rem] font-semibold uppercase", TONES[method])}>
    {method}
  </span>
);

interface OperationProps {
  description: Description;
  operation: Operation;
}

export function OperationView({ description, operation }: OperationProps) {
  const { t } = useTranslation();
  const body = operation.requestBody?.content?.["application/json"]?.schema;
  return (
    <article id={operation.id} aria-labelledby={`${operation.id}-title`} className="scroll-mt-4 rounded-lg border border-line bg-surface shadow-card">
      <header className="flex flex-col gap-1.5 border-b border-line px-4 py-3">
        <h3 id={`${operation.id}-title`} className="text-lg">
          {operation.summary ?? operation.id}
        </h3>
        <div className="flex items-center gap-2">
          <MethodBadge method={operation.method} />
          <code className="font-mono text-xs break-all text-ink-2">{operation.path}</code>
          <Callers operation={operation} />
        </div>
        {operation.description ? <p className="max-w-3xl whitespace-pre-line text-ink-2"><Prose text={operation.description} /></p> : null}
      </header>
      <div className="grid grid-cols-[minmax(0,1fr)] items-start gap-6 p-4 xl:grid-cols-[minmax(0,1fr)_minmax(0,26rem)]">
        <div className="flex min-w-0 flex-col gap-5">
          <Parameters description={description} parameters={operation.parameters} />
          {body ? (
            <section className="flex flex-col gap-2">
              <h4 className="text-sm font-semibold">{t("docs.body")}</h4>
              <SchemaTree description={description} schema={body} />
            </section>
          ) : null}
          <Responses description={description} operation={operation} />
        </div>
        <CodeBlock
          code={requestExample(description, operation, window.location.origin)}
          label={`${t("docs.example")}: ${operation.summary ?? operation.id}`}
          copyLabel={t("docs.copy")}
        />
      </div>
    </article>
  );
}

function Callers({ operation }: { operation: Operation }) {
  const { t } = useTranslation();
  const { anybody, key, session } = callers(operation);
  const who = anybody ? t("docs.anybody") : key && session ? t("docs.key_or_session") : key ? t("docs.key") : t("docs.session");
  return <span className="ml-auto text-xs whitespace-nowrap text-ink-3">{who}</span>;
}

function Parameters({ description, parameters }: { description: Description; parameters: Parameter[] }) {
  const { t } = useTranslation();
  if (parameters.length === 0) return null;
  const columns: Column<Parameter>[] = [
    {
      id: "name",
      header: t("docs.name"),
      rowHeader: true,
      cell: ({ name, required }) => (
        <span className="whitespace-nowrap">
          <code className="font-mono text-xs">{name}</code>{" "}
          {required ? <span className="text-xs font-normal text-warn">{t("docs.required")}</span> : null}
        </span>
      ),
    },
    { id: "in", header: t("docs.where"), cell: (parameter) => <span className="text-ink-2">{parameter.in}</span> },
    {
      id: "type",
      header: t("docs.type"),
      cell: ({ schema }) => (
        <code className="font-mono text-xs text-ink-2">{[typeName(description, schema ?? {}), ...rulesOf(schema ?? {})].join("; ")}</code>
      ),
    },
    { id: "description", header: t("docs.description"), cell: (parameter) => <span className="text-ink-2"><Prose text={parameter.description} /></span> },
  ];
  return (
    <section className="flex flex-col gap-2">
      <h4 className="text-sm font-semibold">{t("docs.parameters")}</h4>
      <div className="rounded-md border border-line">
        <Table label={t("docs.parameters")} columns={columns} rows={parameters} rowKey={(one) => `${one.in} ${one.name}`} />
      </div>
    </section>
  );
}

function Responses({ description, operation }: OperationProps) {
  const { t } = useTranslation();
  return (
    <section className="flex flex-col gap-2">
      <h4 className="text-sm font-semibold">{t("docs.responses")}</h4>
      <ul className="flex flex-col gap-1.5">
        {Object.entries(operation.responses ?? {}).map(([status, response]) => {
          const schema = Object.values(response.content ?? {})[0]?.schema;
          const line = (
            <>
              <code className={cx("font-mono text-xs font-semibold", status.startsWith("2") ? "text-ok" : "text-ink-2")}>{status}</code>{" "}
              <span className="text-sm text-ink-2"><Prose text={response.description} /></span>
            </>
          );
          return (
            <li key={status} className="rounded-md border border-line px-3 py-2">
              {schema ? (
                <details>
                  <summary className="cursor-pointer">{line}</summary>
                  <div className="mt-2">
                    <SchemaTree description={description} schema={schema} />
                  </div>
                </details>
              ) : (
                line
              )}
            </li>
          );
        })}
      </ul>
    </section>
  );
}
