import { expect } from "@playwright/test";
import { test } from "./signedIn";
import { checkAccessible } from "./watch";

test("a namespace is made, and deleted by typing its name, with the keyboard alone", async ({ page }) => {
  await page.goto("/");
  await page.getByRole("link", { name: "Namespaces", exact: true }).focus();
  await page.keyboard.press("Enter");
  await expect(page.getByRole("heading", { level: 1, name: "Namespaces" })).toBeFocused();
  await page.getByRole("button", { name: "Create namespace" }).first().focus();
  await page.keyboard.press("Enter");
  await page.keyboard.type("scratch");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("row", { name: /scratch/ })).toContainText("Ready");
  await page.getByRole("button", { name: "Delete scratch" }).focus();
  await page.keyboard.press("Enter");
  const remove = page.getByRole("button", { name: "Delete namespace" });
  await expect(remove).toBeDisabled();
  await page.keyboard.type("scratch");
  await expect(remove).toBeEnabled();
  await page.keyboard.press("Enter");
  await expect(page.getByRole("row", { name: /scratch/ })).toHaveCount(0);
});

test("a key's secret is shown once and a revoked key leaves the list", async ({ page }) => {
  await page.goto("/");
  await page.getByRole("link", { name: "API keys", exact: true }).click();
  await page.getByRole("button", { name: "Create key" }).first().click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Name", { exact: true }).fill("nightly");
  await checkAccessible(page, "keys-create");
  await dialog.getByRole("button", { name: "Create key" }).click();
  const secret = (await dialog.getByTestId("api-key-secret").textContent()) ?? "";
  expect(secret).toMatch(/^adb_/);
  await checkAccessible(page, "keys-made");
  await page.keyboard.press("Escape");
  await expect(dialog).toBeVisible();
  await dialog.getByRole("button", { name: "I have stored it" }).click();
  await expect(dialog).toBeHidden();
  expect(await page.content()).not.toContain(secret);
  await page.getByRole("button", { name: "Revoke nightly" }).click();
  await page.getByRole("button", { name: "Revoke key" }).click();
  await expect(page.getByRole("row", { name: /nightly/ })).toHaveCount(0);
});
