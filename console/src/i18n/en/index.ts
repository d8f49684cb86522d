import { auth } from "./auth";
import { keys, namespaces, overview, start } from "./build";
import { common, nav, problem } from "./common";
import { data } from "./data";
import { docs } from "./docs";
import { billing, meters, plan, usage } from "./money";

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
  docs,
} as const;
