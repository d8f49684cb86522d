import { expect, type APIRequestContext } from "@playwright/test";

interface Message {
  subject: string;
  link?: string | null;
  at: string;
}

/** The path of the newest link to this page of the console in the captured mailbox of an address; waits for it. */
export async function mailedLink(request: APIRequestContext, email: string, page: string): Promise<string> {
  let path = "";
  await expect
    .poll(async () => {
      const answer = await request.get("/v1/auth/captured-mail", { params: { email } });
      expect(answer.status(), "the captured mailbox").toBe(200);
      const { messages } = (await answer.json()) as { messages: Message[] };
      const links = [...messages]
        .sort((a, b) => b.at.localeCompare(a.at))
        .flatMap(({ link }) => (link ? [new URL(link)] : []))
        .filter(({ pathname }) => pathname === page);
      path = links[0] ? links[0].pathname + links[0].search : "";
      return path;
    }, `a mail to ${email} that leads to ${page}`)
    .not.toBe("");
  return path;
}
