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

test("the mail is sent again from the page that waits for it, until that page is loaded anew", async ({ page }) => {
  const person = newPerson();
  await page.goto("/signup");
  await fillSignUp(page, person);
  await page.getByRole("button", { name: "Sign up" }).click();
  await expect(page.getByRole("link", { name: "Verify this address" })).toBeVisible();
  const repeated = page.waitForRequest((request) => new URL(request.url()).pathname === "/v1/auth/signup");
  await page.getByRole("button", { name: "Send it again" }).click();
  expect((await repeated).postDataJSON()).toEqual({
    email: person.email,
    password: person.password,
    organization_name: person.organization,
  });
  await expect(page.getByText("Sent again.")).toBeVisible();
  expect(await page.evaluate(() => JSON.stringify([history.state, localStorage, sessionStorage]))).not.toContain(person.password);
  await page.reload();
  const verify = page.getByRole("link", { name: "Verify this address" });
  await expect(verify).toBeVisible();
  await expect(page.getByRole("button", { name: "Send it again" })).toHaveCount(0);
  await expect(page.getByRole("link", { name: "Sign up again" })).toBeVisible();
  await verify.click();
  await expect(page.getByRole("heading", { level: 1, name: "Get started" })).toBeVisible();
});

test("a link that is opened in another browser asks for the password of the sign-up", async ({ page, browser, baseURL }) => {
  const person = newPerson();
  await page.goto("/signup");
  await fillSignUp(page, person);
  await page.getByRole("button", { name: "Sign up" }).click();
  const link = (await page.getByRole("link", { name: "Verify this address" }).getAttribute("href")) ?? "";
  expect(link).toMatch(/^\/verify\?token=/);

  const elsewhere = await browser.newContext(baseURL === undefined ? {} : { baseURL });
  const other = await elsewhere.newPage();
  const nothingWrong = watch(other, new URL(baseURL ?? "").origin);
  await other.goto(link);
  await expect(other.getByRole("heading", { level: 1, name: "Enter your password" })).toBeVisible();
  const password = other.getByLabel("Password chosen at sign-up");
  await expect(other.getByRole("alert")).toHaveCount(0);
  await checkAccessible(other, "verify-password");
  await checkNarrow(other);
  await password.fill("not the password at all");
  await other.getByRole("button", { name: "Verify this address" }).click();
  await expect(other.getByRole("alert")).toHaveText("This is not the password of that sign-up.");
  await checkAccessible(other, "verify-password-wrong");
  await password.fill(person.password);
  await other.getByRole("button", { name: "Verify this address" }).click();
  await expect(other.getByRole("heading", { level: 1, name: "Get started" })).toBeVisible();
  nothingWrong();
  await elsewhere.close();
});

test("who was refused and lost the mail is led to a new sign-up", async ({ page }) => {
  await page.goto("/login");
  await page.getByLabel("E-mail").fill(newPerson().email);
  await page.getByLabel("Password").fill("not the password at all");
  await page.getByRole("button", { name: "Log in" }).click();
  await page.getByRole("button", { name: "Sign up again" }).click();
  await expect(page.getByRole("heading", { level: 1, name: "Create your account" })).toBeVisible();
  await page.goto("/check-mail");
  await expect(page.getByRole("heading", { level: 1, name: "Create your account" })).toBeVisible();
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
  await page.getByLabel("Find an operation").fill("post /query");
  await expect(page.getByRole("article")).toHaveCount(1);
  await expect(page.getByRole("region", { name: /^Example/ })).toContainText("/query'");
  await checkAccessible(page, "docs");
  await checkNarrow(page);
  nothingWrong();
});
