import { createBrowserRouter, type RouteObject } from "react-router";
import { Root } from "./layout/Root";
import { AuthLayout } from "./features/auth/AuthLayout";
import { LogIn } from "./features/auth/LogIn";
import { MailSent } from "./features/auth/MailSent";
import { SignUp } from "./features/auth/SignUp";
import { Verify } from "./features/auth/Verify";
import { Crashed } from "./layout/Crashed";
import { Home } from "./layout/Home";
import { NotFound } from "./layout/NotFound";
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
  { path: "plan", lazy: async () => ({ Component: (await import("./features/settings/Plan")).Plan }) },
  { path: "*", Component: NotFound },
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
        ],
      },
      { path: "orgs/:org", Component: Shell, children: [{ index: true, Component: Home }, ...organizationPages] },
      { path: "*", Component: NotFound },
    ],
  },
]);
