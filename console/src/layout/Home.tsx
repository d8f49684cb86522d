import { useQuery } from "@tanstack/react-query";
import { Navigate } from "react-router";
import { isStatus } from "../api/problem";
import { meQuery, namespacesQuery } from "../api/queries";
import { NotFound } from "./NotFound";
import { Loading, ProblemNotice } from "../ui/States";

/** Where `/` leads: to the log-in, to the first-run guide while there is nothing, else to the overview. */
export function Home() {
  const me = useQuery(meQuery);
  const org = me.data?.organizations[0]?.id ?? "";
  const namespaces = useQuery({ ...namespacesQuery(org), enabled: org !== "" });
  if (isStatus(me.error, 401)) return <Navigate to="/login" replace />;
  const failed = me.error ?? namespaces.error;
  if (failed) {
    return (
      <main className="mx-auto max-w-xl p-6">
        <ProblemNotice error={failed} onRetry={() => void (me.error ? me : namespaces).refetch()} />
      </main>
    );
  }
  if (me.data && org === "") return <NotFound />;
  if (!me.data || !namespaces.data) {
    return (
      <main className="mx-auto max-w-xl p-6">
        <Loading />
      </main>
    );
  }
  return <Navigate to={`/orgs/${org}/${namespaces.data.items.length === 0 ? "start" : "overview"}`} replace />;
}
