import { auth } from "./auth";
import { keys, namespaces, overview, start } from "./build";
import { common, nav, problem } from "./common";
import { data } from "./data";
import { docs } from "./docs";
import { billing, meters, plan, usage } from "./money";
import { account, audit, invitation, members, organizations, roles, settings } from "./people";

/** English is the source: the shape of every other language is taken from it. */
export const en = {
  common,
  nav,
  problem,
  auth,
  overview,
  start,
  namespaces,
  keys,
  data,
  meters,
  usage,
  billing,
  plan,
  account,
  invitation,
  organizations,
  settings,
  roles,
  members,
  audit,
  docs,
} as const;
