import { safeNext } from "./session";

const STORED_AS = "adb-return";

/** As long as the link of a sign-up is good. */
const KEPT_MS = 24 * 3_600_000;

/** An invitation alone: nothing else waits for somebody who has no account yet. */
const isInvitation = (path: string): boolean => path.startsWith("/invitation?");

/**
 * Where somebody is to come back to who has to sign up first. The link of that mail may open in another tab, so it
 * stands in the browser's storage; it is worth nothing to whoever has not the invited address.
 */
export function keepReturn(to: string, now: number): void {
  if (!isInvitation(to)) return;
  try {
    localStorage.setItem(STORED_AS, JSON.stringify({ to, until: now + KEPT_MS }));
  } catch {
    // Without storage the mail of the invitation has to be opened again, as it says.
  }
}

/** What was kept, once. */
export function takeReturn(now: number): string | null {
  try {
    const kept = JSON.parse(localStorage.getItem(STORED_AS) ?? "null") as { to?: unknown; until?: unknown } | null;
    localStorage.removeItem(STORED_AS);
    if (typeof kept?.to !== "string" || typeof kept.until !== "number" || kept.until <= now) return null;
    return isInvitation(safeNext(kept.to)) ? kept.to : null;
  } catch {
    return null;
  }
}
