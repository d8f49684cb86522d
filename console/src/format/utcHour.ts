/** The running UTC hour, which moves on while a page is open. */
import { nextUtcHour } from "./time";

const HOUR_MS = 3_600_000;

/** The start of the running UTC hour, in ms since the Unix epoch. */
export const utcHour = (): number => Math.floor(Date.now() / HOUR_MS) * HOUR_MS;

/** Calls `moved` whenever a UTC hour begins, until the function that it returns is called. */
export function onUtcHour(moved: () => void): () => void {
  let timer: ReturnType<typeof setTimeout>;
  const wait = () => {
    const now = new Date();
    timer = setTimeout(() => {
      moved();
      wait();
    }, nextUtcHour(now).getTime() - now.getTime());
  };
  wait();
  return () => clearTimeout(timer);
}
