import type { Problem } from "../../api/problem";

/** A link and, where the service asks for it, the password that was chosen at the sign-up. */
export interface Verification {
  token: string;
  password?: string;
}

/**
 * Whether a refused verification can go on with the password of the sign-up: the link was opened in another browser
 * than the one that signed up, or the password was wrong. The link is not used up by it.
 */
export const asksPassword = (problem: Problem): boolean => problem.errors.some(({ pointer }) => pointer === "/password");

/** Whether the link itself is refused: unknown, used or too old. No password mends that. */
export const isDeadLink = (problem: Problem): boolean => problem.errors.some(({ pointer }) => pointer === "/token");

/** Whether a password was given and is not the one of the sign-up, rather than merely asked for. */
export const isWrongPassword = (problem: Problem): boolean =>
  problem.errors.some(({ pointer, code }) => pointer === "/password" && code !== "password_required");
