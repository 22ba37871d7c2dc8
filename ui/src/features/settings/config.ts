/** `GET /v1/config`: what the server was told, and what it holds. */
import { api, must, Problem } from "../../api/client";

export type Config = {
  version: string;
  values: { name: string; value: string | null; source: string; doc: string }[];
  api_key_set: boolean;
  addresses: { listen: string; otlp_grpc: string; otlp_http: string };
  store: {
    path: string;
    bytes: number;
    search_bytes: number;
    records: number;
    contents: number;
    runs: number;
    oldest_at: number | null;
  };
  ingest: {
    received_spans: number;
    stored_spans: number;
    refused_requests: number;
    rejected_spans: number;
    queue_bytes: number;
    queue_limit_bytes: number;
  };
  retention: { days: number | null; max_bytes: number | null };
  degraded: string[];
};

/** Null where the server is older than this page and does not say. */
export async function readConfig(): Promise<Config | null> {
  const reply = await fetch("/v1/config", { credentials: "same-origin" });
  const said: unknown = await reply.json().catch(() => null);
  if (reply.status === 404) return null;
  if (!reply.ok) throw Problem.from(reply, said);
  return said as Config;
}

export const configQuery = { queryKey: ["config"], queryFn: readConfig, refetchInterval: 10_000 };

export const healthQuery = {
  queryKey: ["health"],
  queryFn: async () => must(await api.GET("/health")),
  refetchInterval: 10_000,
};

export const queueQuery = {
  queryKey: ["queue"],
  queryFn: async () => must(await api.GET("/v1/stats")),
  refetchInterval: 10_000,
};
