import { expect, type Page, test } from "@playwright/test";
import { newPerson, signUp } from "../people";
import { checkAccessible, checkNarrow, watch } from "../watch";

async function look(page: Page, name: string): Promise<void> {
  await checkAccessible(page, name);
  await checkNarrow(page);
}

test("the audit log is searched by actor, action, target and time, and tells what changed", async ({ page, baseURL }) => {
  const nothingWrong = watch(page, new URL(baseURL ?? "").origin);
  const owner = newPerson();
  await signUp(page, owner);
  await page.getByRole("link", { name: "Settings", exact: true }).click();
  await page.getByLabel("Organisation name").fill(`${owner.organization} two`);
  await page.getByRole("button", { name: "Rename" }).click();
  await expect(page.getByText("Renamed.")).toBeVisible();
  await page.getByRole("link", { name: "Namespaces", exact: true }).click();
  await page.getByRole("button", { name: "Create namespace" }).first().click();
  await page.getByRole("dialog").getByLabel("Name", { exact: true }).fill("audited");
  await page.getByRole("dialog").getByRole("button", { name: "Create namespace" }).click();
  await expect(page.getByRole("row", { name: /audited/ })).toContainText("Ready");

  await page.getByRole("link", { name: "Audit log", exact: true }).click();
  await expect(page.getByRole("heading", { level: 1, name: "Audit log" })).toBeVisible();
  const events = page.getByRole("region", { name: "Events" }).getByRole("row");
  await expect(events.filter({ hasText: "Namespace created" })).toContainText("audited");
  await expect(events.filter({ hasText: "Organisation changed" })).toContainText(owner.email);
  await look(page, "audit");

  const search = page.getByRole("button", { name: "Search" });
  await page.getByLabel("To what").fill("audited");
  await page.getByLabel("By whom").fill(owner.email);
  await search.click();
  await expect(page).toHaveURL(/target=audited/);
  await expect(events).toHaveCount(2);
  await page.reload();
  await expect(page.getByLabel("To what")).toHaveValue("audited");
  await expect(events).toHaveCount(2);
  await page.getByLabel("Until").fill("2020-01-01T00:00");
  await search.click();
  await expect(page.getByText("No event fits this search.")).toBeVisible();
  await look(page, "audit-nothing");
  await page.goBack();
  await expect(page.getByLabel("Until")).toHaveValue("");
  await expect(events).toHaveCount(2);

  await page.getByRole("button", { name: "Clear" }).click();
  await page.getByRole("button", { name: /^Any Action|Action/ }).first().click();
  await page.getByRole("option", { name: "Organisation changed" }).click();
  await search.click();
  await expect(events).toHaveCount(2);
  await events.getByRole("button", { name: /^Details/ }).click();
  const dialog = page.getByRole("dialog");
  await expect(dialog.getByRole("row", { name: /^Name/ })).toContainText(`${owner.organization} two`);
  await expect(dialog).toContainText("req_");
  await look(page, "audit-details");
  await dialog.getByRole("button", { name: "All by this actor" }).click();
  await expect(page).toHaveURL(/actor=usr_/);
  await expect(events.filter({ hasText: "Namespace created" })).toHaveCount(1);
  nothingWrong();
});
