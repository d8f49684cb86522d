import { test as base } from "@playwright/test";
import { newPerson, signUp } from "./people";

type Session = Awaited<ReturnType<import("@playwright/test").BrowserContext["storageState"]>>;

/** Tests of a person who is signed in; they share one, so none of them may log out or use up a limit. */
export const test = base.extend<object, { session: Session }>({
  session: [
    async ({ browser }, use) => {
      const context = await browser.newContext({ baseURL: process.env["AGENTDB_URL"] ?? "http://127.0.0.1:8080" });
      await signUp(await context.newPage(), newPerson());
      const session = await context.storageState();
      await context.close();
      await use(session);
    },
    { scope: "worker" },
  ],
  storageState: ({ session }, use) => use(session),
});
