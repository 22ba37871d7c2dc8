/** What the settings page asks the server for, repeatedly while it is visible. */
import { api, must } from "../../api/client";

const refetchInterval = 10_000;

export const configQuery = {
  queryKey: ["config"],
  queryFn: async () => must(await api.GET("/v1/config")),
  refetchInterval,
};

export const healthQuery = {
  queryKey: ["health"],
  queryFn: async () => must(await api.GET("/health")),
  refetchInterval,
};

export const queueQuery = {
  queryKey: ["queue"],
  queryFn: async () => must(await api.GET("/v1/stats")),
  refetchInterval,
};
