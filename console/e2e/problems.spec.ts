import { expect, type Page } from "@playwright/test";
import { test } from "./signedIn";
import { checkAccessible } from "./watch";

interface Refusal {
  status: number;
  code: string;
  advice: string;
  headers?: Record<string, string>;
}

/** The list of keys, whatever page of it. */
const KEYS = /\/v1\/orgs\/[^/]+\/api-keys(\?|$)/;

const REFUSALS: Refusal[] = [
  { status: 402, code: "cap_reached", advice: "A spending limit stands in the way." },
  { status: 403, code: "forbidden", advice: "may not do that" },
  { status: 404, code: "not_found", advice: "not visible to you" },
  { status: 429, code: "rate_limited", advice: "Try again in 7 seconds.", headers: { "retry-after": "7" } },
  { status: 500, code: "internal", advice: "This is on our side." },
];

async function answer(page: Page, refusal: Refusal): Promise<void> {
  await page.route(KEYS, (route) =>
    route.fulfill({
      status: refusal.status,
      headers: { "content-type": "application/problem+json", ...refusal.headers },
      body: JSON.stringify({
        type: "about:blank",
        title: "Refused",
        status: refusal.status,
        code: refusal.code,
        detail: "<b>as text</b>",
        request_id: "req_for_the_support",
      }),
    }),
  );
}

async function openConsole(page: Page): Promise<void> {
  await page.goto("/");
  await expect(page.getByRole("heading", { level: 1 })).toHaveText(/^(Get started|Overview)$/);
}

test("each refusal shows its code, its request id and the way out", async ({ page }) => {
  await openConsole(page);
  for (const refusal of REFUSALS) {
    await answer(page, refusal);
    await page.getByRole("link", { name: "API keys", exact: true }).click();
    const alert = page.getByRole("alert");
    await expect(alert).toContainText(refusal.code);
    await expect(alert).toContainText(refusal.advice);
    await expect(alert).toContainText("req_for_the_support");
    await expect(alert).toContainText("<b>as text</b>");
    await page.unroute(KEYS);
    await page.getByRole("link", { name: "Overview", exact: true }).click();
    await expect(page.getByRole("heading", { level: 1, name: "Overview" })).toBeVisible();
    await page.reload();
  }
});

test("what could not be looked up is not shown as a fact", async ({ page }) => {
  await openConsole(page);
  await page.route(/\/v1\/orgs\/[^/]+\/(usage|billing\/invoices\/preview)(\?|$)/, (route) =>
    route.fulfill({ status: 500, contentType: "application/problem+json", body: JSON.stringify({ title: "Refused", status: 500, code: "internal" }) }),
  );
  await page.getByRole("link", { name: "Overview", exact: true }).click();
  await expect(page.getByRole("alert")).toHaveCount(3);
  await expect(page.getByText("not known", { exact: true })).toHaveCount(4);
  await expect(page.getByText("No calls yet")).toHaveCount(0);
  await checkAccessible(page, "problem-overview");
});

test("a service that cannot be reached is said to be so, and a retry mends the page", async ({ page }) => {
  await openConsole(page);
  await page.route(KEYS, (route) => route.abort());
  await page.getByRole("link", { name: "API keys", exact: true }).click();
  const alert = page.getByRole("alert");
  await expect(alert).toContainText("unreachable");
  await checkAccessible(page, "problem-unreachable");
  await page.unroute(KEYS);
  await alert.getByRole("button", { name: "Try again" }).click();
  await expect(page.getByText("No key yet")).toBeVisible();
});

test("a session that ended leads to the log-in", async ({ page, context }) => {
  await openConsole(page);
  await context.clearCookies();
  await page.reload();
  await expect(page.getByRole("heading", { level: 1, name: "Log in" })).toBeVisible();
});
