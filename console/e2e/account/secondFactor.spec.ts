import { createHmac } from "node:crypto";
import { expect, type Page, test } from "@playwright/test";
import { logIn, logOut, newPerson, type Person, signUp } from "../people";
import { checkAccessible, checkNarrow, watch } from "../watch";

const STEP_MS = 30_000;

/** What an authenticator app shows (RFC 6238). */
function shown(secret: string, at: number): string {
  const bits = Array.from(secret, (character) => "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".indexOf(character).toString(2).padStart(5, "0")).join("");
  const seed = Buffer.from((bits.match(/.{8}/g) ?? []).map((byte) => parseInt(byte, 2)));
  const step = Buffer.alloc(8);
  step.writeBigUInt64BE(BigInt(Math.floor(at / STEP_MS)));
  const digest = createHmac("sha1", seed).update(step).digest();
  const offset = (digest.at(-1) ?? 0) & 15;
  return ((digest.readUInt32BE(offset) & 0x7fffffff) % 1_000_000).toString().padStart(6, "0");
}

/** To where the code is asked for. */
async function proveThePassword(page: Page, person: Person): Promise<void> {
  await logIn(page, person);
  await expect(page.getByRole("heading", { level: 1, name: "Second factor" })).toBeVisible();
}

test("a second factor is set up, asked for, stood in for by a recovery code, and turned off", async ({ page, baseURL }) => {
  const nothingWrong = watch(page, new URL(baseURL ?? "").origin);
  const person = newPerson();
  await signUp(page, person);
  await page.goto("/account");
  await page.getByRole("button", { name: "Set up" }).click();
  const card = page.locator("section").filter({ has: page.getByRole("heading", { level: 2, name: "Second factor" }) });
  await card.getByLabel("Current password").fill(person.password);
  await card.getByRole("button", { name: "Continue" }).click();
  await expect(page.getByRole("img", { name: "QR code for your authenticator app" })).toBeVisible();
  await checkAccessible(page, "second-factor-set-up");
  await checkNarrow(page);
  const secret = (await page.getByTestId("totp-secret").textContent()) ?? "";
  await page.getByLabel("Code", { exact: true }).fill("000000");
  await page.getByRole("button", { name: "Turn on" }).click();
  await expect(page.getByText("this is no code of the account's app")).toBeVisible();
  // A step early, so that the present one is left for the log-in.
  await page.getByLabel("Code", { exact: true }).fill(shown(secret, Date.now() - STEP_MS));
  await page.getByRole("button", { name: "Turn on" }).click();
  const codes = page.getByTestId("recovery-codes").getByRole("listitem");
  await expect(codes).toHaveCount(10);
  const kept = await codes.allTextContents();
  await page.getByRole("button", { name: "I have kept them" }).click();
  await expect(codes).toHaveCount(0);
  await expect(page.getByText("10 recovery codes are left.")).toBeVisible();

  await logOut(page);
  await proveThePassword(page, person);
  await checkAccessible(page, "second-factor");
  await page.getByLabel("Code", { exact: true }).fill(shown(secret, Date.now()));
  await page.getByRole("button", { name: "Log in" }).click();
  await expect(page.getByRole("button", { name: /Account menu/ })).toBeVisible();

  await logOut(page);
  await proveThePassword(page, person);
  await page.reload();
  await page.getByLabel("Code", { exact: true }).fill(kept[0] ?? "");
  await page.getByRole("button", { name: "Log in" }).click();
  await expect(page.getByRole("button", { name: /Account menu/ })).toBeVisible();
  await page.goto("/account");
  await expect(page.getByText("9 recovery codes are left.")).toBeVisible();
  await page.getByRole("button", { name: "Turn off" }).click();
  await card.getByLabel("Current password").fill(person.password);
  await card.getByLabel("Code", { exact: true }).fill(kept[1] ?? "");
  await card.getByRole("button", { name: "Turn off" }).click();
  await expect(page.getByRole("button", { name: "Set up" })).toBeVisible();
  nothingWrong();
});

test("a log-in that waits for its code in no browser begins anew", async ({ page }) => {
  await page.goto("/login/code");
  await page.getByLabel("Code", { exact: true }).fill("123456");
  await page.getByRole("button", { name: "Log in" }).click();
  await expect(page.getByRole("heading", { level: 1, name: "Log in again" })).toBeVisible();
  await page.getByRole("link", { name: "To the log-in" }).click();
  await expect(page.getByRole("heading", { level: 1, name: "Log in" })).toBeVisible();
});
