import { useQuery } from "@tanstack/react-query";
import { api, must } from "../../api/client";
import { ErrorPanel } from "../../components/ErrorPanel";

/** How the server is, and what it was told. */
export function SettingsPage() {
  const health = useQuery({ queryKey: ["health"], queryFn: async () => must(await api.GET("/health")) });
  if (health.isError) return <ErrorPanel what="Health" error={health.error} retry={() => health.refetch()} />;
  return <p className="p-4">{health.data && `The server is ${health.data.status}.`}</p>;
}
