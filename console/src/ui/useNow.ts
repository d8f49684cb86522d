import { useMemo, useSyncExternalStore } from "react";
import { onUtcHour, utcHour } from "../format/utcHour";

/** The time to the hour: the start of the running UTC hour. A page that uses it is drawn anew when the next begins. */
export function useNow(): Date {
  const hour = useSyncExternalStore(onUtcHour, utcHour);
  return useMemo(() => new Date(hour), [hour]);
}
