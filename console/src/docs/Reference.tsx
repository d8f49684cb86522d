import { useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { ProblemError, problemFrom, unreachable } from "../api/problem";
import { Mark } from "../layout/Mark";
import { TextField } from "../ui/Fields";
import { Loading } from "../ui/States";
import { type Description, type Group, groupsOf, type Operation } from "./description";
import { Prose } from "./Prose";
import { MethodBadge, OperationView } from "./OperationView";
import { ReferenceProblem } from "./ReferenceProblem";

async function load(): Promise<Description> {
  let response: Response;
  try {
    response = await fetch("/openapi.json", { headers: { accept: "application/json" } });
  } catch (cause) {
    throw new ProblemError(unreachable(cause));
  }
  if (!response.ok) throw new ProblemError(problemFrom(response, await response.json().catch(() => null)));
  return (await response.json()) as Description;
}

function matches(operation: Operation, words: string[]): boolean {
  const text = `${operation.method} ${operation.path} ${operation.summary ?? ""} ${operation.id}`.toLowerCase();
  return words.every((word) => text.includes(word));
}

/** The API reference: every operation of the published description on one page. */
export function Reference() {
  const { t } = useTranslation();
  const description = useQuery({ queryKey: ["description"], queryFn: load, staleTime: Infinity, retry: false });
  useEffect(() => {
    document.title = `${t("docs.title")} · ${t("common.product")}`;
  }, [t]);
  if (description.error) return <ReferenceProblem error={description.error} onRetry={() => void description.refetch()} />;
  if (!description.data) {
    return (
      <main className="mx-auto max-w-3xl p-8">
        <Loading rows={8} />
      </main>
    );
  }
  return <Operations description={description.data} />;
}

function Operations({ description }: { description: Description }) {
  const { t } = useTranslation();
  const [search, setSearch] = useState("");
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  const groups = groupsOf(description, t("docs.other"))
    .map((group) => ({ ...group, operations: group.operations.filter((operation) => matches(operation, words)) }))
    .filter(({ operations }) => operations.length > 0);
  // The browser looked for the address's fragment before the operations were drawn.
  useEffect(() => {
    const id = decodeURIComponent(window.location.hash.slice(1));
    if (id !== "") document.getElementById(id)?.scrollIntoView();
  }, []);
  return (
    <div className="flex min-h-dvh flex-col lg:flex-row">
      <aside className="shrink-0 border-b border-line bg-surface lg:w-72 lg:border-r lg:border-b-0">
        <div className="flex flex-col gap-4 p-4 lg:sticky lg:top-0 lg:h-dvh">
          <a href="/" className="flex items-center gap-2.5 rounded-md text-sm font-semibold">
            <Mark className="size-7" />
            {t("common.product")}
          </a>
          <TextField label={t("docs.search")} type="search" value={search} onChange={setSearch} placeholder="query, api-keys, POST …" />
          <Contents groups={groups} />
        </div>
      </aside>
      <main className="min-w-0 flex-1">
        <div className="mx-auto flex max-w-6xl flex-col gap-8 px-4 py-6 sm:px-8 sm:py-8">
          <header className="flex flex-col gap-1">
            <h1 className="text-2xl">{t("docs.title")}</h1>
            <p className="max-w-2xl text-ink-2">
              {t("docs.lead")} {t("docs.all_refusals")}
            </p>
            <p className="flex flex-wrap gap-4 pt-1 text-sm">
              <PlainLink href="/openapi.json">{t("docs.description_file")}</PlainLink>
              <PlainLink href="/docs/errors">{t("docs.errors")}</PlainLink>
              <PlainLink href="/">{t("docs.console")}</PlainLink>
            </p>
          </header>
          {groups.length === 0 ? <p className="text-ink-2">{t("docs.none")}</p> : null}
          {groups.map((group) => (
            <section key={group.name} aria-label={group.name} className="flex flex-col gap-4">
              <div>
                <h2 className="text-xl first-letter:uppercase">{group.name}</h2>
                {group.description ? <p className="max-w-3xl text-ink-2"><Prose text={group.description} /></p> : null}
              </div>
              {group.operations.map((operation) => (
                <OperationView key={operation.id} description={description} operation={operation} />
              ))}
            </section>
          ))}
        </div>
      </main>
    </div>
  );
}

const PlainLink = ({ href, children }: { href: string; children: string }) => (
  <a href={href} className="rounded-xs font-medium text-accent underline underline-offset-2">
    {children}
  </a>
);

function Contents({ groups }: { groups: Group[] }) {
  const { t } = useTranslation();
  return (
    <nav aria-label={t("docs.operations")} tabIndex={0} className="hidden min-h-0 flex-1 flex-col gap-4 overflow-y-auto lg:flex">
      {groups.map((group) => (
        <div key={group.name} className="flex flex-col gap-1">
          <p className="text-xs font-medium text-ink-3 first-letter:uppercase">{group.name}</p>
          <ul className="flex flex-col">
            {group.operations.map((operation) => (
              <li key={operation.id}>
                <a
                  href={`#${operation.id}`}
                  className="flex items-center gap-2 rounded-md px-1.5 py-1 text-sm text-ink-2 hover:bg-sunken hover:text-ink"
                >
                  <MethodBadge method={operation.method} />
                  <span className="truncate">{operation.summary ?? operation.id}</span>
                </a>
              </li>
            ))}
          </ul>
        </div>
      ))}
    </nav>
  );
}
