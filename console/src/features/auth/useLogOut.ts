import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "react-router";
import { control, need } from "../../api/client";
import { isStatus } from "../../api/problem";
import { sessionEnded } from "./session";

/** Ends the session, forgets everything that belonged to it and goes on to the log-in. */
export function useLogOut(to = "/login") {
  const navigate = useNavigate();
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: async () => {
      try {
        await need(control.POST("/v1/auth/logout"));
      } catch (error) {
        // A session that is over already is what was asked for.
        if (!isStatus(error, 401)) throw error;
      }
    },
    onSuccess: async () => {
      await navigate(to);
      sessionEnded(queryClient);
    },
  });
}
