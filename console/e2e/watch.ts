import AxeBuilder from "@axe-core/playwright";
import { expect, type Page } from "@playwright/test";
import { mkdirSync } from "node:fs";
import { join } from "node:path";

/** Where pictures go; nowhere when it is not set. Never inside the repository. */
const pictures = process.env["AGENTDB_E2E_SCREENSHOTS"] ?? "";

const SIZES = { wide: { width: 1440, height: 900 }, narrow: { width: 390, height: 844 } } as const;

/**
 * What a page may not do, gathered while a journey runs: break its Content-Security-Policy, throw, or ask
 * another host for anything.
 */
export function watch(page: Page, origin: string): () => void {
  const found: string[] = [];
  page.on("pageerror", (error) => found.push(`error: ${error.message}`));
  page.on("console", (message) => {
    if (message.type() === "error" && /content security policy|refused to/i.test(message.text())) {
      found.push(`policy: ${message.text()}`);
    }
  });
  page.on("request", (request) => {
    const url = new URL(request.url());
    if (url.protocol.startsWith("http") && url.origin !== origin) found.push(`foreign request: ${request.url()}`);
  });
  return () => expect(found).toEqual([]);
}

/** No serious or critical finding of axe, in light and in dark. */
export async function checkAccessible(page: Page, name: string): Promise<void> {
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    const axe = new AxeBuilder({ page });
    // The theme changes colours and nothing else.
    const { violations } = await (colorScheme === "dark" ? axe.withRules("color-contrast") : axe).analyze();
    const grave = violations
      .filter(({ impact }) => impact === "serious" || impact === "critical")
      .map(({ id, nodes }) => `${id}: ${nodes.map(({ target, failureSummary }) => `${target.join(" ")} ${failureSummary ?? ""}`).join(" | ")}`);
    expect(grave, `${name}, ${colorScheme}`).toEqual([]);
    await picture(page, name, colorScheme);
  }
  await page.emulateMedia({ colorScheme: "light" });
}

async function picture(page: Page, name: string, scheme: "light" | "dark"): Promise<void> {
  if (pictures === "") return;
  mkdirSync(pictures, { recursive: true });
  for (const [size, viewport] of Object.entries(SIZES)) {
    await page.setViewportSize(viewport);
    await page.screenshot({ path: join(pictures, `${name}-${size}-${scheme}.png`), fullPage: true });
  }
  await page.setViewportSize(SIZES.wide);
}

/** Nothing runs out of the page sideways on a phone. */
export async function checkNarrow(page: Page): Promise<void> {
  await page.setViewportSize(SIZES.narrow);
  const overflow = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  expect(overflow, "pixels beyond a phone's screen").toBeLessThanOrEqual(0);
  await page.setViewportSize(SIZES.wide);
}
