import { expect, type Page, test } from "@playwright/test";
import { mailedLink } from "../mailbox";
import { fillSignUp, logIn, logOut, newPerson, openAccount, type Person, signUp } from "../people";
import { checkAccessible, checkNarrow, watch } from "../watch";

async function look(page: Page, name: string): Promise<void> {
  await checkAccessible(page, name);
  await checkNarrow(page);
}

const open = async (page: Page, link: string, heading: string) => {
  await page.getByRole("link", { name: link, exact: true }).click();
  await expect(page.getByRole("heading", { level: 1, name: heading })).toBeVisible();
};

/** Invites from the page of members; yields where the link of the mail leads. */
async function invite(page: Page, { email }: Person, role: string): Promise<string> {
  await page.getByRole("button", { name: "Invite somebody" }).first().click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("E-mail").fill(email);
  await dialog.getByText(role, { exact: true }).click();
  await dialog.getByRole("button", { name: "Send invitation" }).click();
  await expect(dialog.getByRole("heading", { name: "Invitation sent" })).toBeVisible();
  await expect(dialog.getByTestId("captured-link")).toContainText("/invitation?token=");
  const link = (await dialog.getByTestId("captured-link").textContent()) ?? "";
  await dialog.getByRole("button", { name: "Done" }).click();
  const { pathname, search } = new URL(link);
  return pathname + search;
}

const member = (page: Page, { email }: Person) => page.getByRole("region", { name: "Members" }).getByRole("row", { name: new RegExp(email) });

async function changeRole(page: Page, whom: Person, role: string): Promise<void> {
  await page.getByRole("button", { name: `Change the role of ${whom.email}` }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByText(role, { exact: true }).click();
  await dialog.getByRole("button", { name: "Change role" }).click();
  await expect(dialog).toBeHidden();
  await expect(member(page, whom)).toContainText(role);
}

test("a second person is invited, signs up, joins, gets another role and leaves", async ({ page, browser, baseURL }) => {
  const origin = new URL(baseURL ?? "").origin;
  const nothingWrong = watch(page, origin);
  const [owner, guest] = [newPerson(), newPerson()];
  await signUp(page, owner);
  const org = new URL(page.url()).pathname.split("/")[2] ?? "";
  await open(page, "Members", "Members");
  await look(page, "members-alone");
  const link = await invite(page, guest, "Read-only");
  await expect(page.getByRole("region", { name: "Pending invitations" })).toContainText(guest.email);
  await look(page, "members-invited");

  const context = await browser.newContext(baseURL === undefined ? {} : { baseURL });
  const theirs = await context.newPage();
  const nothingWrongThere = watch(theirs, origin);
  await theirs.goto(link);
  await expect(theirs.getByRole("heading", { level: 1, name: "You are invited" })).toBeVisible();
  await look(theirs, "invitation-signed-out");
  await theirs.getByRole("link", { name: "Create your account" }).click();
  await fillSignUp(theirs, guest);
  await theirs.getByRole("button", { name: "Sign up" }).click();
  await theirs.getByRole("link", { name: "Verify this address" }).click();
  await expect(theirs.getByRole("button", { name: "Join the organisation" })).toBeVisible();
  await look(theirs, "invitation-signed-in");
  await theirs.getByRole("button", { name: "Join the organisation" }).click();
  await expect(theirs.getByRole("button", { name: `Switch organisation: ${owner.organization}` })).toBeVisible();

  // What a read-only member may not do is not offered.
  await expect(theirs.getByRole("link", { name: "Audit log", exact: true })).toHaveCount(0);
  await open(theirs, "API keys", "API keys");
  await expect(theirs.getByText("No key yet")).toBeVisible();
  await expect(theirs.getByRole("button", { name: "Create key" })).toHaveCount(0);
  await open(theirs, "Members", "Members");
  await expect(theirs.getByRole("button", { name: "Invite somebody" })).toHaveCount(0);
  await expect(theirs.getByRole("button", { name: /^Change the role/ })).toHaveCount(0);
  await look(theirs, "members-read-only");

  await page.reload();
  await expect(member(page, guest)).toContainText("Read-only");
  await expect(page.getByText("No invitation waits")).toBeVisible();
  await changeRole(page, guest, "Admin");
  await look(page, "members-two");
  await theirs.reload();
  await expect(theirs.getByRole("button", { name: "Invite somebody" }).first()).toBeVisible();
  await expect(theirs.getByRole("button", { name: `Change the role of ${owner.email}` })).toHaveCount(0);

  // The only owner can neither leave nor step down.
  await member(page, owner).getByRole("button", { name: "Leave" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Leave organisation" }).click();
  await expect(page.getByRole("dialog").getByRole("alert")).toContainText("only owner");
  await page.keyboard.press("Escape");

  await theirs.getByRole("button", { name: /^Switch organisation/ }).click();
  await theirs.getByRole("menuitem", { name: new RegExp(guest.organization) }).click();
  await expect(theirs.getByRole("button", { name: `Switch organisation: ${guest.organization}` })).toBeVisible();
  await theirs.goto(`/orgs/${org}/members`);
  await member(theirs, guest).getByRole("button", { name: "Leave" }).click();
  await theirs.getByRole("dialog").getByRole("button", { name: "Leave organisation" }).click();
  await expect(theirs.getByRole("heading", { level: 1, name: "Organisations" })).toBeVisible();
  await expect(theirs.getByText(owner.organization)).toHaveCount(0);
  await theirs.goto(`/orgs/${org}/members`);
  await expect(theirs.getByRole("heading", { name: "There is nothing at this address" }).first()).toBeVisible();
  nothingWrongThere();
  nothingWrong();
  await context.close();
});

test("an invitation is refused to another account, works after a log-in with the right one, and not once revoked", async ({ page, browser, baseURL }) => {
  const [owner, guest] = [newPerson(), newPerson()];
  const context = await browser.newContext(baseURL === undefined ? {} : { baseURL });
  const theirs = await context.newPage();
  await signUp(theirs, guest);
  await logOut(theirs);
  await signUp(page, owner);
  await open(page, "Members", "Members");
  const link = await invite(page, guest, "Developer");
  await page.goto(link);
  await expect(page.getByText(owner.email)).toBeVisible();
  await page.getByRole("button", { name: "Join the organisation" }).click();
  await expect(page.getByRole("alert")).toContainText("another address");
  await look(page, "invitation-refused");
  await page.getByRole("button", { name: "Use another account" }).click();
  await expect(page.getByRole("heading", { level: 1, name: "Log in" })).toBeVisible();
  await logIn(page, guest);
  await page.getByRole("button", { name: "Join the organisation" }).click();
  await expect(page.getByRole("button", { name: `Switch organisation: ${owner.organization}` })).toBeVisible();

  await logIn(theirs, owner);
  await expect(theirs.getByRole("button", { name: `Switch organisation: ${owner.organization}` })).toBeVisible();
  await open(theirs, "Members", "Members");
  const late = newPerson();
  const revoked = await invite(theirs, late, "Developer");
  await theirs.getByRole("button", { name: `Revoke the invitation of ${late.email}` }).click();
  await theirs.getByRole("dialog").getByRole("button", { name: "Revoke invitation" }).click();
  await expect(theirs.getByText("No invitation waits")).toBeVisible();
  await theirs.getByRole("button", { name: `Remove ${guest.email}` }).click();
  await theirs.getByRole("dialog").getByRole("button", { name: "Remove member" }).click();
  await expect(member(theirs, guest)).toHaveCount(0);
  await theirs.context().clearCookies();
  await signUp(theirs, late);
  await theirs.goto(revoked);
  await theirs.getByRole("button", { name: "Join the organisation" }).click();
  await expect(theirs.getByRole("alert")).toContainText("revoked");
  await context.close();
});

test("an organisation is renamed, and a second one in the free edition is refused with the reason", async ({ page }) => {
  const owner = newPerson();
  await signUp(page, owner);
  await open(page, "Settings", "Organisation settings");
  await look(page, "settings");
  await page.getByLabel("Organisation name").fill(`${owner.organization} & sons`);
  await page.getByRole("button", { name: "Rename" }).click();
  await expect(page.getByText("Renamed.")).toBeVisible();
  await page.getByRole("button", { name: `Switch organisation: ${owner.organization} & sons` }).click();
  await page.getByRole("menuitem", { name: "Create organisation" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Organisation name").fill("A second one");
  await dialog.getByRole("button", { name: "Create organisation" }).click();
  await expect(dialog.getByRole("alert")).toContainText("limit_exceeded");
  await look(page, "organization-refused");
});

test("an account is deleted when its organisation has another owner, and a log-in brings it back", async ({ page, browser, baseURL, request }) => {
  const [owner, heir] = [newPerson(), newPerson()];
  await signUp(page, owner);
  const deleteAccount = async () => {
    await page.getByRole("button", { name: "Delete my account" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel("Current password").fill(owner.password);
    await dialog.getByRole("button", { name: "Delete my account" }).click();
  };
  await openAccount(page);
  await deleteAccount();
  await expect(page.getByRole("dialog").getByRole("alert")).toContainText(owner.organization);
  await look(page, "account-delete-refused");
  await page.getByRole("link", { name: `Choose another owner of ${owner.organization}` }).click();
  await expect(page.getByRole("heading", { level: 1, name: "Members" })).toBeVisible();
  await invite(page, heir, "Owner");

  const context = await browser.newContext(baseURL === undefined ? {} : { baseURL });
  const theirs = await context.newPage();
  await signUp(theirs, heir);
  await theirs.goto(await mailedLink(request, heir.email, "/invitation"));
  await theirs.getByRole("button", { name: "Join the organisation" }).click();
  await expect(theirs.getByRole("button", { name: `Switch organisation: ${owner.organization}` })).toBeVisible();
  await context.close();

  await openAccount(page);
  await deleteAccount();
  await expect(page.getByRole("heading", { level: 1, name: "Your account is out of use" })).toBeVisible();
  await expect(page.getByText(/It will be removed on/)).toBeVisible();
  await look(page, "account-deleted");
  await page.goto("/");
  await expect(page.getByRole("heading", { level: 1, name: "Log in" })).toBeVisible();
  await logIn(page, owner);
  await expect(page.getByRole("button", { name: `Switch organisation: ${owner.organization}` })).toBeVisible();
});
