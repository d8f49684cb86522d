import { expect, type Page, test } from "@playwright/test";
import { execFileSync } from "node:child_process";
import { fillSignUp, newPerson, type Person } from "./people";
import { checkAccessible, checkNarrow, watch } from "./watch";

/** Usage reaches billing within seconds; this is far beyond. */
const METERED_MS = 60_000;

async function look(page: Page, name: string): Promise<void> {
  await checkAccessible(page, name);
  await checkNarrow(page);
}

const open = async (page: Page, link: string, heading: string) => {
  await page.getByRole("link", { name: link, exact: true }).click();
  await expect(page.getByRole("heading", { level: 1, name: heading })).toBeVisible();
};

async function gettingIn(page: Page, person: Person): Promise<void> {
  await page.goto("/");
  await expect(page.getByRole("heading", { level: 1, name: "Log in" })).toBeVisible();
  await look(page, "login");
  await page.getByRole("link", { name: "Create your account" }).click();
  await expect(page.getByRole("heading", { level: 1, name: "Create your account" })).toBeVisible();
  await look(page, "signup");
  await fillSignUp(page, person);
  await page.getByRole("button", { name: "Sign up" }).click();
  const verify = page.getByRole("link", { name: "Verify this address" });
  await expect(verify).toBeVisible();
  await look(page, "check-mail");
  await verify.click();
}

/** Namespace, key and the program of the first call; yields its text. */
async function guide(page: Page): Promise<string> {
  await expect(page.getByRole("heading", { level: 1, name: "Get started" })).toBeVisible();
  await look(page, "start-namespace");
  await page.getByLabel("Name", { exact: true }).fill("support-bot");
  await page.getByRole("button", { name: "Create namespace" }).click();
  await expect(page.getByText("Namespace support-bot is ready.")).toBeVisible();
  await page.getByRole("button", { name: "Create key" }).click();
  const secret = (await page.getByTestId("api-key-secret").textContent()) ?? "";
  expect(secret).toMatch(/^adb_/);
  const code = page.getByRole("region", { name: "First program in curl" });
  await expect(code).toContainText(secret);
  await expect(page.getByTestId("first-call")).toHaveAttribute("data-seen", "false");
  await look(page, "start-call");
  return (await code.textContent()) ?? "";
}

/** The JSON objects that stand in a text one after the other, as `curl` writes its answers. */
function objectsIn(text: string): unknown[] {
  const objects: unknown[] = [];
  let start = 0;
  for (let end = text.indexOf("}") + 1; end > 0; end = text.indexOf("}", end) + 1) {
    try {
      objects.push(JSON.parse(text.slice(start, end)));
      start = end;
    } catch {
      // A brace inside an object: it goes on.
    }
  }
  expect(text.slice(start).trim(), "what is no JSON").toBe("");
  return objects;
}

/** Runs the shown program as it is, checks its answers, and waits until the console has seen the calls. */
async function firstCall(page: Page, program: string): Promise<void> {
  const answers = objectsIn(execFileSync("bash", ["-ec", program], { encoding: "utf8", timeout: METERED_MS }));
  expect(answers).toHaveLength(3);
  const [collection, upsert, query] = answers;
  expect(collection).toMatchObject({ result: { name: "notes", embedding_model: "all-MiniLM-L6-v2" } });
  expect(upsert).toMatchObject({ result: { upserted: 2, embedded: 2 } });
  expect(query).toMatchObject({ result: { hits: [{ id: "password" }, { id: "refunds" }] } });
  await expect(page.getByTestId("first-call")).toHaveAttribute("data-seen", "true", { timeout: METERED_MS });
  await look(page, "start-seen");
}

async function playground(page: Page): Promise<void> {
  await open(page, "Data & playground", "Data & playground");
  await page.getByRole("button", { name: "New collection" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Name", { exact: true }).fill("articles");
  await look(page, "data-new-collection");
  await dialog.getByRole("button", { name: "Create collection" }).click();
  await expect(dialog).toBeHidden();
  await page.getByRole("tab", { name: "Add records" }).click();
  await page.getByRole("button", { name: "Fill in examples" }).click();
  await page.getByRole("button", { name: "Add 6 records" }).click();
  await expect(page.getByText("Stored 6 records")).toBeVisible();
  await look(page, "data-add");
  await page.getByRole("button", { name: "Ask a question" }).click();
  await page.getByLabel("Question").fill("I forgot my password and cannot sign in");
  await page.getByRole("button", { name: "Run query" }).click();
  await expect(page.getByTestId("hits").getByRole("listitem").first()).toContainText("Reset a forgotten password");
  await expect(page.getByTestId("receipt").filter({ visible: true })).toContainText("Query units");
  await look(page, "data-query");
  await page.getByRole("button", { name: "Filter" }).click();
  await page.getByRole("textbox", { name: "Filter", exact: true }).fill("boom");
  await page.getByRole("button", { name: "Run query" }).click();
  await expect(page.getByRole("alert")).toContainText("boom");
  await look(page, "data-refused");
  await page.getByRole("tab", { name: "Browse" }).click();
  await expect(page.getByRole("row")).toHaveCount(7);
  await look(page, "data-browse");
}

async function money(page: Page): Promise<void> {
  await open(page, "Usage", "Usage");
  const queries = page.locator('[data-meter="query"]');
  await expect(async () => {
    await page.getByRole("button", { name: "Refresh" }).click();
    expect(Number((await queries.textContent())?.replaceAll(",", ""))).toBeGreaterThanOrEqual(1);
  }).toPass({ timeout: METERED_MS });
  await look(page, "usage");
  await open(page, "Invoice preview", "Invoice preview");
  await expect(page.getByTestId("invoice-total")).toBeVisible();
  await expect(page.getByTestId("adds-up")).toHaveAttribute("data-right", "true");
  await look(page, "invoice");
}

async function otherPages(page: Page): Promise<void> {
  await open(page, "Overview", "Overview");
  await expect(page.getByRole("img", { name: /Query units/ })).toBeVisible();
  await look(page, "overview");
  await open(page, "Namespaces", "Namespaces");
  await expect(page.getByRole("rowheader", { name: "support-bot" })).toBeVisible();
  await look(page, "namespaces");
  await open(page, "API keys", "API keys");
  await expect(page.getByRole("rowheader", { name: "support-bot first key" })).toBeVisible();
  await look(page, "keys");
  await open(page, "Plan & limits", "Plan & limits");
  await expect(page.getByRole("heading", { name: "Price book" })).toBeVisible();
  await look(page, "plan");
}

test("from sign-up to the first result, the usage page and the invoice preview", async ({ page, baseURL }) => {
  const nothingWrong = watch(page, new URL(baseURL ?? "").origin);
  await page.setViewportSize({ width: 1440, height: 900 });
  await gettingIn(page, newPerson());
  await firstCall(page, await guide(page));
  await playground(page);
  await money(page);
  await otherPages(page);
  nothingWrong();
});
