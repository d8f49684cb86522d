import { createBrowserRouter, type RouteObject } from "react-router";
import { Root } from "./layout/Root";
import { AccountDeleted } from "./features/auth/AccountDeleted";
import { AuthLayout } from "./features/auth/AuthLayout";
import { ConfirmEmail } from "./features/auth/ConfirmEmail";
import { ForgotPassword } from "./features/auth/ForgotPassword";
import { LogIn } from "./features/auth/LogIn";
import { MailSent } from "./features/auth/MailSent";
import { ResetPassword } from "./features/auth/ResetPassword";
import { SecondFactor } from "./features/auth/SecondFactor";
import { SignUp } from "./features/auth/SignUp";
import { Verify } from "./features/auth/Verify";
import { Invitation } from "./features/invitation/Invitation";
import { Crashed } from "./layout/Crashed";
import { Home } from "./layout/Home";
import { NotFound } from "./layout/NotFound";
import { PersonShell } from "./layout/PersonShell";
import { Shell } from "./layout/Shell";

/** Pages behind the log-in load when they are first opened. */
const organizationPages: RouteObject[] = [
  { path: "overview", lazy: async () => ({ Component: (await import("./features/overview/Overview")).Overview }) },
  { path: "start", lazy: async () => ({ Component: (await import("./features/start/Start")).Start }) },
  { path: "namespaces", lazy: async () => ({ Component: (await import("./features/namespaces/Namespaces")).Namespaces }) },
  { path: "keys", lazy: async () => ({ Component: (await import("./features/keys/Keys")).Keys }) },
  { path: "data", lazy: async () => ({ Component: (await import("./features/data/Data")).Data }) },
  { path: "usage", lazy: async () => ({ Component: (await import("./features/usage/Usage")).Usage }) },
  { path: "invoice", lazy: async () => ({ Component: (await import("./features/billing/Invoice")).Invoice }) },
  { path: "members", lazy: async () => ({ Component: (await import("./features/members/Members")).Members }) },
  { path: "settings", lazy: async () => ({ Component: (await import("./features/organization/Settings")).Settings }) },
  { path: "audit", lazy: async () => ({ Component: (await import("./features/audit/AuditLog")).AuditLog }) },
  { path: "plan", lazy: async () => ({ Component: (await import("./features/settings/Plan")).Plan }) },
  { path: "*", Component: NotFound },
];

/** Pages of a person, whatever organisation is open. */
const personPages: RouteObject[] = [
  { path: "account", lazy: async () => ({ Component: (await import("./features/account/Account")).Account }) },
  {
    path: "organizations",
    lazy: async () => ({ Component: (await import("./features/organization/Organizations")).Organizations }),
  },
];

export const router = createBrowserRouter([
  {
    Component: Root,
    ErrorBoundary: Crashed,
    children: [
      { path: "/", Component: Home },
      {
        Component: AuthLayout,
        children: [
          { path: "signup", Component: SignUp },
          { path: "check-mail", Component: MailSent },
          { path: "verify", Component: Verify },
          { path: "login", Component: LogIn },
          { path: "login/code", Component: SecondFactor },
          { path: "forgot-password", Component: ForgotPassword },
          { path: "reset-password", Component: ResetPassword },
          { path: "confirm-email", Component: ConfirmEmail },
          { path: "account-deleted", Component: AccountDeleted },
          { path: "invitation", Component: Invitation },
        ],
      },
      { path: "orgs/:org", Component: Shell, children: [{ index: true, Component: Home }, ...organizationPages] },
      { Component: PersonShell, children: personPages },
      { path: "*", Component: NotFound },
    ],
  },
]);
