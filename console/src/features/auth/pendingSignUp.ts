import { useOutletContext } from "react-router";
import type { SignUp } from "../../api/types";

/**
 * The sign-up whose mail is awaited, so that it can be sent again. In memory only, since it holds the password:
 * never in the address, the browser's history or its storage, and gone with the pages before the log-in.
 */
export interface PendingSignUp {
  pending: SignUp | null;
  setPending: (signUp: SignUp) => void;
}

/** What `AuthLayout` keeps for the pages in it. */
export const usePendingSignUp = (): PendingSignUp => useOutletContext<PendingSignUp>();
