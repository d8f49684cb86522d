import { expect } from "@playwright/test";
import { test } from "./signedIn";

/** Longer than any hour that is running. */
const BEYOND_THE_HOUR = "01:01:00";

test("pages that stay open go on to the hour that begins", async ({ page }) => {
  const ends = new Set<string>();
  page.on("request", (request) => {
    const url = new URL(request.url());
    if (/^\/v1\/.*\/usage$/.test(url.pathname)) ends.add(url.searchParams.get("to") ?? "");
  });
  await page.clock.install();
  await page.goto("/");
  for (const name of ["Overview", "Usage"]) {
    await page.getByRole("link", { name, exact: true }).click();
    await expect(page.getByRole("heading", { level: 1, name })).toBeVisible();
    await expect.poll(() => ends.size).toBeGreaterThan(0);
    ends.clear();
    await page.clock.fastForward(BEYOND_THE_HOUR);
    const next = await page.evaluate(() => new Date(Math.ceil(Date.now() / 3_600_000) * 3_600_000).toISOString());
    await expect.poll(() => [...ends]).toContain(next);
  }
});
