import { expect, test } from "@playwright/test";
import { fillSignUp, newPerson, signUp } from "./people";
import { checkAccessible, checkNarrow, watch } from "./watch";

test("a person logs out, is kept out, and comes back to the page they wanted", async ({ page, baseURL }) => {
  const nothingWrong = watch(page, new URL(baseURL ?? "").origin);
  const person = newPerson();
  await signUp(page, person);
  await page.getByRole("link", { name: "API keys", exact: true }).click();
  await expect(page.getByRole("heading", { level: 1, name: "API keys" })).toBeVisible();
  const wanted = page.url();
  await page.getByRole("button", { name: /Account menu/ }).click();
  await page.getByRole("menuitem", { name: "Log out" }).click();
  await expect(page.getByRole("heading", { level: 1, name: "Log in" })).toBeVisible();
  await page.goto(wanted);
  await expect(page.getByRole("heading", { level: 1, name: "Log in" })).toBeVisible();
  await page.getByLabel("E-mail").fill(person.email);
  await page.getByLabel("Password").fill("not the password at all");
  await page.getByRole("button", { name: "Log in" }).click();
  await expect(page.getByRole("alert")).toContainText("Signing in failed");
  await page.getByLabel("Password").fill(person.password);
  await page.getByRole("button", { name: "Log in" }).click();
  await expect(page).toHaveURL(wanted);
  nothingWrong();
});

test("a new link is sent to who asks for it, from the failed log-in on", async ({ page }) => {
  const person = newPerson();
  await page.goto("/signup");
  await fillSignUp(page, person);
  await page.getByRole("button", { name: "Sign up" }).click();
  await expect(page.getByRole("link", { name: "Verify this address" })).toBeVisible();
  await page.goto("/login");
  await page.getByLabel("E-mail").fill(person.email);
  await page.getByLabel("Password").fill(person.password);
  await page.getByRole("button", { name: "Log in" }).click();
  await page.getByRole("button", { name: "Ask for a verification link" }).click();
  await page.getByLabel("E-mail").fill(person.email);
  await page.getByRole("button", { name: "Send the link" }).click();
  await page.getByRole("link", { name: "Verify this address" }).click();
  await expect(page.getByRole("heading", { level: 1, name: "Get started" })).toBeVisible();
});

test("a link that does not work says so", async ({ page }) => {
  await page.goto("/verify?token=made-up");
  await expect(page.getByRole("alert")).toContainText("Request");
  await checkAccessible(page, "verify-failed");
});

test("the API reference shows and finds every operation without leaving the origin", async ({ page, baseURL, request }) => {
  const nothingWrong = watch(page, new URL(baseURL ?? "").origin);
  const description = (await (await request.get("/openapi.json")).json()) as { paths: Record<string, object> };
  const operations = Object.values(description.paths).flatMap((item) =>
    Object.keys(item).filter((key) => ["get", "put", "post", "patch", "delete"].includes(key)),
  );
  await page.goto("/docs");
  await expect(page.getByRole("article")).toHaveCount(operations.length);
  await page.getByLabel("Find an operation").fill("post query");
  await expect(page.getByRole("article")).toHaveCount(1);
  await expect(page.getByRole("region", { name: /^Example/ })).toContainText("/query'");
  await checkAccessible(page, "docs");
  await checkNarrow(page);
  nothingWrong();
});
