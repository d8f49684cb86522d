import { useMutation, useQueryClient } from "@tanstack/react-query";
import { control, need } from "../../api/client";
import { keysQuery } from "../../api/queries";
import type { CreatedApiKey, NewApiKey } from "../../api/types";

export function useCreateKey(org: string, onCreated: (key: CreatedApiKey) => void) {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: (body: NewApiKey) => need(control.POST("/v1/orgs/{org}/api-keys", { params: { path: { org } }, body })),
    // The answer holds a secret: nothing keeps it but the page that shows it.
    gcTime: 0,
    onSuccess: async (created) => {
      onCreated(created);
      await queryClient.invalidateQueries({ queryKey: keysQuery(org).queryKey });
    },
  });
}
