import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { api, must } from "../../api/client";
import { EmptyState } from "../../components/EmptyState";
import { ErrorPanel } from "../../components/ErrorPanel";
import { StatusMark } from "../../components/StatusMark";
import { count } from "../../lib/numbers";
import { duration } from "../../lib/time";

/** The newest runs. */
export function RunsPage() {
  const runs = useQuery({
    queryKey: ["runs"],
    queryFn: async () => must(await api.GET("/v1/runs", { params: { query: { roots_only: true } } })),
  });
  if (runs.isError) return <ErrorPanel what="Runs" error={runs.error} retry={() => runs.refetch()} />;
  if (runs.data?.runs.length === 0) return <EmptyState title="No runs yet" />;
  return (
    <ul>
      {runs.data?.runs.map((run) => (
        <li key={run.run_id} className="border-b">
          <Link
            to="/runs/$runId"
            params={{ runId: run.run_id }}
            className="flex items-center gap-2 px-3 py-1.5 hover:bg-hover"
          >
            <StatusMark status={run.status} />
            <span className="w-40 truncate font-medium">{run.name}</span>
            <span className="min-w-0 flex-1 truncate text-muted">{run.input_preview}</span>
            <span>{count(run.input_tokens)}</span>
            <span className="w-20 text-right">{duration(run.duration_ms)}</span>
          </Link>
        </li>
      ))}
    </ul>
  );
}
