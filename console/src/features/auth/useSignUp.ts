import { useMutation } from "@tanstack/react-query";
import { control, need } from "../../api/client";
import type { SignUp } from "../../api/types";

/** Signs up. The same again sends another mail; the answer does not tell whether the address is known. */
export const useSignUp = () =>
  useMutation({
    mutationFn: (body: SignUp) => need(control.POST("/v1/auth/signup", { body })),
  });
