import type { QueryClient } from "@tanstack/react-query";
import { csrf, dataTokens } from "../../api/client";

/** A session has begun: what was known of an earlier one is forgotten. */
export function sessionStarted(queryClient: QueryClient, csrfToken: string): void {
  queryClient.clear();
  dataTokens.clear();
  csrf.set(csrfToken);
}

/** Where to go after the log-in: only a path of this console, never another site. */
export function safeNext(next: string | null): string {
  return next?.startsWith("/") && !next.startsWith("//") && !next.includes("\\") ? next : "/";
}
