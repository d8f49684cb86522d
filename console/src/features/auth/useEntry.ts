import { useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "react-router";
import type { Session, WaitingLogIn } from "../../api/types";
import { sessionStarted, withNext } from "./session";

/** Where the second factor is asked for. */
export const CODE_PAGE = "/login/code";

/** Goes on from a proven password: into the console, or to where the second factor is asked for. */
export function useEntry(next: string): (answer: Session | WaitingLogIn) => Promise<void> {
  const navigate = useNavigate();
  const queryClient = useQueryClient();
  return async (answer) => {
    if ("second_factor" in answer) {
      await navigate(withNext(CODE_PAGE, next), { replace: true });
      return;
    }
    sessionStarted(queryClient, answer.csrf_token);
    await navigate(next, { replace: true });
  };
}
