import { useMutation, useQueryClient } from "@tanstack/react-query";
import { control, need } from "../../api/client";
import { namespacesQuery } from "../../api/queries";

export function useCreateNamespace(org: string, onCreated: (name: string) => void) {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: (name: string) =>
      need(control.PUT("/v1/orgs/{org}/namespaces/{ns}", { params: { path: { org, ns: name } }, body: {} })),
    onSuccess: async (created) => {
      await queryClient.invalidateQueries({ queryKey: namespacesQuery(org).queryKey });
      onCreated(created.name);
    },
  });
}
