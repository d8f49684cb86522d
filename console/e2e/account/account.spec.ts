import { expect, type Page, test } from "@playwright/test";
import { mailedLink } from "../mailbox";
import { logIn, newPerson, openAccount, signUp } from "../people";
import { checkAccessible, checkNarrow, watch } from "../watch";

const NEW_PASSWORD = "another horse, another battery";

async function look(page: Page, name: string): Promise<void> {
  await checkAccessible(page, name);
  await checkNarrow(page);
}

test("a forgotten password is set anew by mail, and the link works once", async ({ page, request, baseURL }) => {
  const nothingWrong = watch(page, new URL(baseURL ?? "").origin);
  const person = newPerson();
  await signUp(page, person);
  await page.context().clearCookies();
  await page.goto("/login");
  await page.getByRole("link", { name: "Forgot your password?" }).click();
  await expect(page.getByRole("heading", { level: 1, name: "Set a new password" })).toBeVisible();
  await look(page, "forgot-password");
  await page.getByLabel("E-mail").fill(person.email);
  await page.getByRole("button", { name: "Send the link" }).click();
  await expect(page.getByRole("heading", { level: 1, name: "Check your mail" })).toBeVisible();
  await expect(page.getByRole("link", { name: "Set a new password" })).toBeVisible();
  await look(page, "forgot-password-sent");
  const link = await mailedLink(request, person.email, "/reset-password");
  await page.getByRole("link", { name: "Set a new password" }).click();
  const password = page.getByLabel("New password");
  await password.fill(person.email);
  await page.getByRole("button", { name: "Set password and log in" }).click();
  await expect(page.getByRole("alert")).toBeVisible();
  await look(page, "reset-password-refused");
  await password.fill(NEW_PASSWORD);
  await page.getByRole("button", { name: "Set password and log in" }).click();
  await expect(page.getByRole("heading", { level: 1, name: "Get started" })).toBeVisible();
  await page.context().clearCookies();
  await logIn(page, { ...person, password: NEW_PASSWORD });
  await expect(page.getByRole("heading", { level: 1, name: "Get started" })).toBeVisible();
  await page.goto(link);
  await page.getByLabel("New password").fill("yet another horse and battery");
  await page.getByRole("button", { name: "Set password and log in" }).click();
  await expect(page.getByRole("heading", { level: 1, name: "This link does not work" })).toBeVisible();
  await expect(page.getByRole("link", { name: "Ask for another link" })).toBeVisible();
  await look(page, "reset-password-used");
  nothingWrong();
});

test("an address without an account is answered as any other", async ({ page }) => {
  await page.goto("/forgot-password");
  await page.getByLabel("E-mail").fill(newPerson().email);
  await page.getByRole("button", { name: "Send the link" }).click();
  await expect(page.getByRole("heading", { level: 1, name: "Check your mail" })).toBeVisible();
});

test("a new address is confirmed by its mail, and is what one logs in with", async ({ page, request, baseURL }) => {
  const nothingWrong = watch(page, new URL(baseURL ?? "").origin);
  const [person, renamed] = [newPerson(), newPerson()];
  await signUp(page, person);
  await openAccount(page);
  await look(page, "account");
  await page.getByRole("button", { name: "Change address" }).click();
  await page.getByLabel("New e-mail address").fill(renamed.email);
  const form = page.locator("form").filter({ has: page.getByLabel("New e-mail address") });
  await form.getByLabel("Current password").fill("not the password at all");
  await form.getByRole("button", { name: "Send the link" }).click();
  await expect(form.getByRole("alert")).toContainText("not the password");
  await form.getByLabel("Current password").fill(person.password);
  await form.getByRole("button", { name: "Send the link" }).click();
  await expect(page.getByText(`If ${renamed.email} can be used`)).toBeVisible();
  await expect(page.getByText(person.email).first()).toBeVisible();
  await look(page, "account-email-sent");
  await page.goto(await mailedLink(request, renamed.email, "/confirm-email"));
  await look(page, "confirm-email");
  await page.getByRole("button", { name: "Confirm this address" }).click();
  await expect(page.getByRole("heading", { level: 1, name: "Address confirmed" })).toBeVisible();
  await page.getByRole("link", { name: "Go to the console" }).click();
  await expect(page.getByRole("button", { name: `Account menu: ${renamed.email}` })).toBeVisible();
  await page.context().clearCookies();
  await logIn(page, { ...renamed, password: person.password });
  await expect(page.getByRole("heading", { level: 1, name: "Get started" })).toBeVisible();
  nothingWrong();
});

test("sessions are ended one by one and all together, and a new password ends those elsewhere", async ({ page, browser, baseURL }) => {
  const person = newPerson();
  await signUp(page, person);
  const elsewhere = async () => {
    const context = await browser.newContext(baseURL === undefined ? {} : { baseURL });
    const other = await context.newPage();
    await logIn(other, person);
    await expect(other.getByRole("heading", { level: 1, name: "Get started" })).toBeVisible();
    return other;
  };
  const isOut = async (other: Page) => {
    await other.reload();
    await expect(other.getByRole("heading", { level: 1, name: "Log in" })).toBeVisible();
    await other.context().close();
  };
  const rows = page.getByRole("list", { name: "Sessions" }).getByRole("listitem");

  const first = await elsewhere();
  await openAccount(page);
  await expect(rows).toHaveCount(2);
  await expect(rows.filter({ hasText: "This browser" })).toHaveCount(1);
  await rows.filter({ hasNotText: "This browser" }).getByRole("button", { name: /^Log out/ }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Log out" }).click();
  await expect(rows).toHaveCount(1);
  await isOut(first);

  const second = await elsewhere();
  const third = await elsewhere();
  await page.reload();
  await expect(rows).toHaveCount(3);
  await page.getByRole("button", { name: "Log out all others" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Log out all others" }).click();
  await expect(rows).toHaveCount(1);
  await isOut(second);
  await isOut(third);

  const fourth = await elsewhere();
  const form = page.locator("form").filter({ has: page.getByLabel("New password") });
  await form.getByLabel("Current password").fill(person.password);
  await form.getByLabel("New password").fill(NEW_PASSWORD);
  await form.getByRole("button", { name: "Change password" }).click();
  await expect(page.getByText("Changed. All your other sessions have ended.")).toBeVisible();
  await isOut(fourth);

  await rows.filter({ hasText: "This browser" }).getByRole("button", { name: /^Log out/ }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Log out" }).click();
  await expect(page.getByRole("heading", { level: 1, name: "Log in" })).toBeVisible();
});
