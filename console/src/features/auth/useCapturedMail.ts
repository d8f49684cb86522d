import { useQuery } from "@tanstack/react-query";
import { isStatus } from "../../api/problem";
import { capturedMailQuery } from "../../api/queries";
import type { CapturedMail } from "../../api/types";

/** How often the captured mailbox is looked at while what is awaited is not there, and after that: a later mail counts. */
const AWAITED_MS = 1000;
const LATER_MS = 5000;

/** The newest message with a link to this page of the console. */
export function newestFor(messages: readonly CapturedMail[], page: string): { subject: string; path: string } | null {
  const linked = [...messages].sort((a, b) => b.at.localeCompare(a.at));
  for (const { subject, link } of linked) {
    const path = link ? pathOf(link, page) : null;
    if (path !== null) return { subject, path };
  }
  return null;
}

/** The path of a link to that page of this console, whatever host it names; null for any other. */
function pathOf(link: string, page: string): string | null {
  try {
    const url = new URL(link, "http://console.invalid");
    return url.pathname === page ? url.pathname + url.search : null;
  } catch {
    return null;
  }
}

/** Mail that was kept instead of sent, where no mail server is configured. */
export function useCapturedMail(email: string, page: string) {
  const mail = useQuery({
    ...capturedMailQuery(email),
    refetchInterval: ({ state }) => {
      if (state.error) return false;
      return newestFor(state.data?.messages ?? [], page) ? LATER_MS : AWAITED_MS;
    },
  });
  return {
    /** Whether mail is kept here at all. */
    isCaptured: mail.isSuccess,
    message: newestFor(mail.data?.messages ?? [], page),
    error: mail.error && !isStatus(mail.error, 404) ? mail.error : null,
    look: () => void mail.refetch(),
  };
}
