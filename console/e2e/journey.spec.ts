import { expect, type Page, test } from "@playwright/test";
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

/** Namespace, key and the first call; yields the key's secret. */
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
  return secret;
}

/** Does what the shown snippet does, over HTTP with the key, and waits until the console has seen it. */
async function firstCall(page: Page, secret: string): Promise<void> {
  const collection = "/v1/namespaces/support-bot/collections/notes";
  const headers = { authorization: `Bearer ${secret}` };
  const put = await page.request.put(collection, { headers, data: { embedding_model: "all-MiniLM-L6-v2" } });
  expect(put.ok(), await put.text()).toBe(true);
  const upsert = await page.request.post(`${collection}/upsert`, {
    headers,
    data: { records: [{ id: "refunds", text: "Refunds reach the card within five working days." }] },
  });
  expect(upsert.ok(), await upsert.text()).toBe(true);
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
  await open(page, "Plan & settings", "Plan & settings");
  await expect(page.getByRole("heading", { name: "Price book" })).toBeVisible();
  await look(page, "plan");
}

test("from sign-up to the first result, the usage page and the invoice preview", async ({ page, baseURL }) => {
  const nothingWrong = watch(page, new URL(baseURL ?? "").origin);
  await page.setViewportSize({ width: 1440, height: 900 });
  await gettingIn(page, newPerson());
  const secret = await guide(page);
  await firstCall(page, secret);
  await playground(page);
  await money(page);
  await otherPages(page);
  nothingWrong();
});
