import { useQuery } from "@tanstack/react-query";
import { Navigate, useParams } from "react-router";
import { isStatus } from "../api/problem";
import { meQuery, namespacesQuery } from "../api/queries";
import { firstOrg } from "./myOrganizations";
import { may } from "./permissions";
import { Loading, ProblemNotice } from "../ui/States";

/**
 * Where `/` and an organisation's own address lead: to the log-in, to the first-run guide while there is nothing and the
 * person may change that, else to the overview.
 */
export function Home() {
  const me = useQuery(meQuery);
  const { org: asked } = useParams();
  const mine = me.data?.organizations ?? [];
  const org = asked ?? firstOrg(mine) ?? "";
  const role = mine.find(({ id }) => id === org)?.role;
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
  if (me.data && org === "") return <Navigate to="/organizations" replace />;
  if (!me.data || !namespaces.data) {
    return (
      <main className="mx-auto max-w-xl p-6">
        <Loading />
      </main>
    );
  }
  const begins = namespaces.data.items.length === 0 && role !== undefined && may(role, "ManageNamespaces");
  return <Navigate to={`/orgs/${org}/${begins ? "start" : "overview"}`} replace />;
}
