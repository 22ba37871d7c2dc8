import { useQuery } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import { api, must } from "../../api/client";
import { ErrorPanel } from "../../components/ErrorPanel";
import { Skeleton } from "../../components/Skeleton";
import { StatusMark } from "../../components/StatusMark";

/** One run. */
export function RunPage() {
  const { runId } = useParams({ from: "/runs/$runId" });
  const run = useQuery({
    queryKey: ["run", runId],
    queryFn: async () => must(await api.GET("/v1/runs/{id}", { params: { path: { id: runId } } })),
  });
  if (run.isError) return <ErrorPanel what="The run" error={run.error} retry={() => run.refetch()} />;
  if (!run.data) return <Skeleton className="m-4 h-6 w-96" />;
  return (
    <h1 className="flex items-center gap-2 p-4 text-lg font-semibold">
      <StatusMark status={run.data.status} size={18} />
      {run.data.name}
    </h1>
  );
}
