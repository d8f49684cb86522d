import { expect, test } from "@playwright/test";
import { newPerson, signUp } from "./people";
import { watch } from "./watch";

const MARKUP = `<img src=x onerror="document.title='owned'"><script>document.title='owned'</script>`;

test("pages come with a policy that allows nothing inline and no frame", async ({ request }) => {
  for (const path of ["/", "/login", "/docs"]) {
    const policy = (await request.get(path)).headers()["content-security-policy"] ?? "";
    expect(policy, path).toContain("script-src 'self'");
    expect(policy, path).toContain("frame-ancestors 'none'");
    expect(policy, path).not.toContain("unsafe");
  }
});

test("markup in a name or a record is shown as text", async ({ page, baseURL }) => {
  const nothingWrong = watch(page, new URL(baseURL ?? "").origin);
  await signUp(page, { ...newPerson(), organization: MARKUP.slice(0, 60) });
  await expect(page.getByRole("navigation").getByText("<img src=x", { exact: false })).toBeVisible();
  await page.getByLabel("Name", { exact: true }).fill("markup");
  await page.getByRole("button", { name: "Create namespace" }).click();
  await expect(page.getByText("Namespace markup is ready.")).toBeVisible();
  await page.getByRole("link", { name: "Data & playground", exact: true }).click();
  await page.getByRole("button", { name: "New collection" }).first().click();
  await page.getByRole("dialog").getByLabel("Name", { exact: true }).fill("notes");
  await page.getByRole("dialog").getByRole("button", { name: "Create collection" }).click();
  await page.getByRole("tab", { name: "Add records" }).click();
  await page.getByLabel("Texts").fill(MARKUP);
  await page.getByRole("button", { name: "Add 1 record" }).click();
  await page.getByRole("button", { name: "Ask a question" }).click();
  await page.getByLabel("Question").fill("an image that fails");
  await page.getByRole("button", { name: "Run query" }).click();
  await expect(page.getByTestId("hits")).toContainText("<script>document.title='owned'</script>");
  expect(await page.title()).not.toContain("owned");
  nothingWrong();
});
