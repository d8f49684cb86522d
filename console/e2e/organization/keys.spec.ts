import { expect, type Page, test } from "@playwright/test";
import { newPerson, signUp } from "../people";
import { checkAccessible, checkNarrow, watch } from "../watch";

async function look(page: Page, name: string): Promise<void> {
  await checkAccessible(page, name);
  await checkNarrow(page);
}

const row = (page: Page, name: string | RegExp) => page.getByRole("row", { name });

async function createKey(page: Page, name: string): Promise<void> {
  await page.getByRole("button", { name: "Create key" }).first().click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Name", { exact: true }).fill(name);
  await dialog.getByLabel("From where").fill("192.0.2.1, 10.0.0.0/8");
  await dialog.getByRole("button", { name: "Create key" }).click();
  await dialog.getByRole("button", { name: "I have stored it" }).click();
  await expect(dialog).toBeHidden();
}

test("a key is bound to addresses, changed by two people at once, and rotated with an overlap", async ({ page, context, baseURL }) => {
  const nothingWrong = watch(page, new URL(baseURL ?? "").origin);
  await signUp(page, newPerson());
  await page.getByRole("link", { name: "API keys", exact: true }).click();
  await createKey(page, "nightly");
  await expect(row(page, /nightly/)).toContainText("10.0.0.0/8");
  await expect(row(page, /nightly/)).toContainText("Never");

  await page.getByRole("button", { name: "Edit nightly" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("From where").fill("10.0.0.0/33");
  await dialog.getByRole("button", { name: "Save changes" }).click();
  await expect(dialog.getByRole("alert")).toContainText("invalid_request");
  await look(page, "keys-edit-refused");

  // Somebody else changes the same key in the meantime.
  const second = await context.newPage();
  await second.goto(page.url());
  await second.getByRole("button", { name: "Edit nightly" }).click();
  await second.getByRole("dialog").getByLabel("Namespaces", { exact: true }).fill("prod-*");
  await second.getByRole("dialog").getByRole("button", { name: "Save changes" }).click();
  await expect(row(second, /nightly/)).toContainText("prod-*");
  await second.close();

  await dialog.getByLabel("From where").fill("10.0.0.0/8");
  await dialog.getByLabel("Name", { exact: true }).fill("weekly");
  await dialog.getByRole("button", { name: "Save changes" }).click();
  await expect(dialog.getByRole("alert")).toContainText("Somebody else has changed this key meanwhile");
  await expect(dialog.getByRole("alert")).toContainText("They changed: Namespaces.");
  await expect(dialog.getByLabel("Namespaces", { exact: true })).toHaveValue("prod-*");
  await expect(dialog.getByLabel("Name", { exact: true })).toHaveValue("weekly");
  await look(page, "keys-edit-conflict");
  await dialog.getByRole("button", { name: "Save changes" }).click();
  await expect(dialog).toBeHidden();
  await expect(row(page, /weekly/)).toContainText("prod-*");
  await expect(row(page, /weekly/)).not.toContainText("192.0.2.1");

  await page.getByRole("button", { name: "Rotate weekly" }).click();
  await look(page, "keys-rotate");
  await dialog.getByRole("button", { name: "Rotate" }).click();
  const secret = (await dialog.getByTestId("api-key-secret").textContent()) ?? "";
  expect(secret).toMatch(/^adb_/);
  await expect(dialog.getByText(/The old key is good until/)).toBeVisible();
  await look(page, "keys-rotated");
  await page.keyboard.press("Escape");
  await expect(dialog).toBeVisible();
  await dialog.getByRole("button", { name: "I have stored it" }).click();
  await expect(row(page, /weekly/)).toHaveCount(2);
  expect(await page.content()).not.toContain(secret);
  const replaced = row(page, /weekly.*Replaced/);
  await expect(replaced).toHaveCount(1);
  await expect(replaced.getByRole("button", { name: "Rotate weekly" })).toHaveCount(0);
  await look(page, "keys-two");

  // While the old one is good, the new one is not rotated.
  await page.getByRole("button", { name: "Rotate weekly" }).click();
  await dialog.getByRole("button", { name: "Rotate" }).click();
  await expect(dialog.getByRole("alert")).toContainText("still good");
  await dialog.getByRole("button", { name: "Cancel" }).click();
  await replaced.getByRole("button", { name: "Revoke weekly" }).click();
  await dialog.getByRole("button", { name: "Revoke key" }).click();
  await expect(row(page, /weekly/)).toHaveCount(1);
  nothingWrong();
});
