/** Programs that a person can paste: the same calls in curl, Python and TypeScript, with nothing to install. */

export type Language = "curl" | "python" | "typescript";

export interface SnippetContext {
  baseUrl: string;
  namespace: string;
  /** The secret just made, or a placeholder: a key's secret cannot be shown again. */
  key: string;
}

export const KEY_PLACEHOLDER = "adb_YOUR_API_KEY";

/** Quotes a text for a POSIX shell. */
export const shellQuote = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;

const COLLECTION = "notes";
const SCHEMA = { embedding_model: "all-MiniLM-L6-v2" };
const RECORDS = [
  { id: "refunds", text: "Refunds reach the card within five working days." },
  { id: "password", text: "Reset a forgotten password from the sign-in page." },
];
const QUERY = { text: "I cannot log in any more", mode: "hybrid", top_k: 3 };

export interface CurlCall {
  method: string;
  url: string;
  /** Null for a call that needs no credential. */
  key: string | null;
  body?: unknown;
}

export function curl({ method, url, key, body }: CurlCall): string {
  const lines = [`curl -sS -X ${method} ${shellQuote(url)}`];
  if (key !== null) lines.push(`  -H ${shellQuote(`Authorization: Bearer ${key}`)}`);
  if (body !== undefined) {
    lines.push("  -H 'Content-Type: application/json'", `  -d ${shellQuote(JSON.stringify(body))}`);
  }
  return lines.join(" \\\n");
}

function curlProgram({ baseUrl, namespace, key }: SnippetContext): string {
  const url = `${baseUrl}/v1/namespaces/${encodeURIComponent(namespace)}/collections/${COLLECTION}`;
  return [
    "# 1. A collection that turns text into vectors",
    curl({ method: "PUT", url, key, body: SCHEMA }),
    "",
    "# 2. Two records",
    curl({ method: "POST", url: `${url}/upsert`, key, body: { records: RECORDS } }),
    "",
    "# 3. A question",
    curl({ method: "POST", url: `${url}/query`, key, body: QUERY }),
  ].join("\n");
}

function pythonProgram({ baseUrl, namespace, key }: SnippetContext): string {
  const q = (text: string): string => JSON.stringify(text);
  return `import json, urllib.request

BASE = ${q(`${baseUrl}/v1/namespaces/${encodeURIComponent(namespace)}/collections/${COLLECTION}`)}
KEY = ${q(key)}

def call(method, path, body):
    request = urllib.request.Request(BASE + path, json.dumps(body).encode(), method=method, headers={
        "Authorization": "Bearer " + KEY, "Content-Type": "application/json"})
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)

call("PUT", "", ${JSON.stringify(SCHEMA)})
call("POST", "/upsert", {"records": [
${RECORDS.map((record) => `    ${JSON.stringify(record)},`).join("\n")}
]})
answer = call("POST", "/query", ${JSON.stringify(QUERY)})
print(json.dumps(answer, indent=2))`;
}

function typescriptProgram({ baseUrl, namespace, key }: SnippetContext): string {
  const q = (text: string): string => JSON.stringify(text);
  return `const base = ${q(`${baseUrl}/v1/namespaces/${encodeURIComponent(namespace)}/collections/${COLLECTION}`)};
const key = ${q(key)};

async function call(method: string, path: string, body: unknown) {
  const answer = await fetch(base + path, {
    method,
    headers: { authorization: \`Bearer \${key}\`, "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  if (!answer.ok) throw new Error(await answer.text());
  return answer.json();
}

await call("PUT", "", ${JSON.stringify(SCHEMA)});
await call("POST", "/upsert", { records: [
${RECORDS.map((record) => `  ${JSON.stringify(record)},`).join("\n")}
] });
console.log(await call("POST", "/query", ${JSON.stringify(QUERY)}));`;
}

export function firstProgram(language: Language, context: SnippetContext): string {
  switch (language) {
    case "curl":
      return curlProgram(context);
    case "python":
      return pythonProgram(context);
    case "typescript":
      return typescriptProgram(context);
  }
}
