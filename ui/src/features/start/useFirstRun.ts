import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { api, must } from "../../api/client";
import { useLive } from "../../api/useLive";

/** The newest run that arrived since the page was opened, or how many there were before. */
export function useFirstRun() {
  const [arrived, setArrived] = useState<{ runId: string; name: string } | null>(null);
  const before = useQuery({
    queryKey: ["runs", "any"],
    staleTime: Number.POSITIVE_INFINITY,
    queryFn: async () => must(await api.GET("/v1/runs", { params: { query: { limit: 1 } } })),
  });
  useLive((event) => {
    if (event.kind === "run" && event.run) setArrived({ runId: event.runId, name: event.run.name });
  });
  return { arrived, before: before.data?.total ?? null };
}
