import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "react-router";
import { ProblemError } from "./api/problem";
import { router } from "./routes";

const RETRIES = 2;

/** Only what another try can mend is tried again: no answer, and the service saying "not now". */
function mayRetry(failures: number, error: Error): boolean {
  if (failures >= RETRIES) return false;
  if (!(error instanceof ProblemError)) return false;
  return error.problem.status === 0 || error.problem.status === 503;
}

const queryClient = new QueryClient({
  defaultOptions: {
    queries: { retry: mayRetry, staleTime: 5_000, networkMode: "always" },
    mutations: { retry: false, networkMode: "always" },
  },
});

export function App() {
  return (
    <QueryClientProvider client={queryClient}>
      <RouterProvider router={router} />
    </QueryClientProvider>
  );
}
