import { execFileSync } from "node:child_process";
import ts from "typescript";
import { describe, expect, it } from "vitest";
import { curl, firstProgram, type Language, shellQuote } from "./snippets";

const context = { baseUrl: "http://127.0.0.1:8080", namespace: "support-bot", key: "adb_k_secret" };
const LANGUAGES: Language[] = ["curl", "python", "typescript"];

/** What a real shell makes of the words of a command. */
const words = (command: string): string[] =>
  execFileSync("sh", ["-c", `for word in ${command}; do printf '%s\\0' "$word"; done`], { encoding: "utf8" }).split("\0").slice(0, -1);

describe("snippets", () => {
  it.each(LANGUAGES)("%s carries the key and the namespace just made", (language) => {
    const program = firstProgram(language, context);
    expect(program).toContain("adb_k_secret");
    expect(program).toContain("http://127.0.0.1:8080/v1/namespaces/support-bot/collections/notes");
    expect(program).toContain("all-MiniLM-L6-v2");
    expect(program).toContain("/query");
  });

  it("the shell reads back exactly what was quoted", () => {
    for (const text of ["it's", "a'b''c", '{"q":"$HOME `id` \\n"}', "", "line\nbreak", "!"]) {
      expect(words(shellQuote(text))).toEqual([text]);
    }
  });

  it("a curl call survives a question with quotes and dollars", () => {
    const body = { text: `what's "$5" \\ in euros?`, top_k: 3 };
    const given = words(curl({ method: "POST", url: "http://h/q?a=1&b=2", key: "adb_k", body }).replace(/^curl /, ""));
    expect(given).toContain("http://h/q?a=1&b=2");
    expect(given).toContain("Authorization: Bearer adb_k");
    expect(JSON.parse(given.at(-1) ?? "")).toEqual(body);
  });

  it("a call without a credential has no authorization header", () => {
    expect(curl({ method: "POST", url: "http://h/", key: null })).not.toContain("Authorization");
  });

  it("the TypeScript program is TypeScript", () => {
    const { diagnostics } = ts.transpileModule(firstProgram("typescript", context), {
      reportDiagnostics: true,
      compilerOptions: { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ESNext },
    });
    expect(diagnostics).toEqual([]);
  });

  it("the Python program is Python", () => {
    const program = firstProgram("python", context);
    execFileSync("python3", ["-c", "import ast, sys; ast.parse(sys.stdin.read())"], { input: program });
  });
});
