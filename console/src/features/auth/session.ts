import type { QueryClient } from "@tanstack/react-query";
import { csrf, dataTokens } from "../../api/client";

/** A session has begun: what was known of an earlier one is forgotten. */
export function sessionStarted(queryClient: QueryClient, csrfToken: string): void {
  queryClient.clear();
  dataTokens.clear();
  csrf.set(csrfToken);
}

/** The session is over: nothing of it stays. Leave the pages that read it first. */
export function sessionEnded(queryClient: QueryClient): void {
  csrf.set(null);
  dataTokens.clear();
  queryClient.clear();
}

/** Where to go after the log-in: only a path of this console, never another site. */
export function safeNext(next: string | null): string {
  return next?.startsWith("/") && !next.startsWith("//") && !next.includes("\\") ? next : "/";
}

/** A page before the log-in that leads on to `next`. */
export const withNext = (page: string, next: string): string => (next === "/" ? page : `${page}?next=${encodeURIComponent(next)}`);
