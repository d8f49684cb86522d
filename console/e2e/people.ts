import { expect, type Page } from "@playwright/test";

export interface Person {
  email: string;
  password: string;
  organization: string;
}

/** A person nobody has seen yet; the service is not emptied between runs. */
export function newPerson(): Person {
  const stamp = `${Date.now().toString(36)}${Math.floor(Math.random() * 1e6).toString(36)}`;
  return { email: `ada.${stamp}@example.com`, password: "correct horse battery staple", organization: `Ada ${stamp}` };
}

export async function fillSignUp(page: Page, person: Person): Promise<void> {
  await page.getByLabel("E-mail").fill(person.email);
  await page.getByLabel("Password").fill(person.password);
  await page.getByLabel("Organisation name").fill(person.organization);
}

/** Signs up and opens the link of the captured mail; ends at the first-run guide. */
export async function signUp(page: Page, person: Person): Promise<void> {
  await page.goto("/signup");
  await fillSignUp(page, person);
  await page.getByRole("button", { name: "Sign up" }).click();
  await page.getByRole("link", { name: "Verify this address" }).click();
  await expect(page.getByRole("heading", { level: 1, name: "Get started" })).toBeVisible();
}

/** Logs in from the log-in page, which is opened unless it is there; ends where that leads. */
export async function logIn(page: Page, { email, password }: Person): Promise<void> {
  if (!page.url().includes("/login")) await page.goto("/login");
  await page.getByLabel("E-mail").fill(email);
  await page.getByLabel("Password").fill(password);
  await page.getByRole("button", { name: "Log in" }).click();
}

export async function openAccount(page: Page): Promise<void> {
  await page.getByRole("button", { name: /^Account menu/ }).click();
  await page.getByRole("menuitem", { name: "Account settings" }).click();
  await expect(page.getByRole("heading", { level: 1, name: "Account" })).toBeVisible();
}

export async function logOut(page: Page): Promise<void> {
  await page.getByRole("button", { name: /^Account menu/ }).click();
  await page.getByRole("menuitem", { name: "Log out" }).click();
  await expect(page.getByRole("heading", { level: 1, name: "Log in" })).toBeVisible();
}
