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
