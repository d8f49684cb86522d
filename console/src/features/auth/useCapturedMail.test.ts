import { expect, it } from "vitest";
import { newestFor } from "./useCapturedMail";

const mail = (at: string, link: string | null) => ({ to: "a@example.com", subject: at, text: "", link, at });

it("the newest message with a link to the page is shown, as a path of this console", () => {
  const messages = [
    mail("2026-01-01T00:00:00Z", "http://elsewhere:1/reset-password?token=old"),
    mail("2026-01-03T00:00:00Z", "http://elsewhere:1/login"),
    mail("2026-01-02T00:00:00Z", "http://elsewhere:1/reset-password?token=new"),
    mail("2026-01-04T00:00:00Z", null),
  ];
  expect(newestFor(messages, "/reset-password")).toEqual({ subject: "2026-01-02T00:00:00Z", path: "/reset-password?token=new" });
  expect(newestFor(messages, "/verify")).toBeNull();
  expect(newestFor([mail("2026-01-01T00:00:00Z", "javascript:alert(1)"), mail("2026-01-01T00:00:00Z", "http://[")], "/verify")).toBeNull();
});
