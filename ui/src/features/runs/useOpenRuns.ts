import { useQuery } from "@tanstack/react-query";
import { useRef } from "react";
import { api, must } from "../../api/client";
import type { Step } from "../../api/types";
import { useLive } from "../../api/useLive";
import type { ListedRun } from "./pageQuery";
import { filterOf, type View } from "./view";

export type OpenRun = { run: ListedRun; step: Step | null };

/** If more runs than this are open, the rest are only in the list. */
const most = 5;
/** How many of the last steps are fetched to find the current one. */
const tail = 20;

async function currentStep(id: string): Promise<Step | null> {
  const read = async (from: number, limit: number) =>
    must(await api.GET("/v1/runs/{id}/timeline", { params: { path: { id }, query: { from, limit } } }));
  let page = await read(0, tail);
  if (page.total > tail) page = await read(page.total - tail, tail);
  const steps = "steps" in page && Array.isArray(page.steps) ? (page.steps as Step[]) : [];
  return (
    steps.filter(({ status, kind }) => status === "running" && kind !== "run").at(-1) ?? steps.at(-1) ?? null
  );
}

/** The open runs, each with its current step. Fetched again as they change. */
export function useOpenRuns(view: View) {
  const query = { ...filterOf(view), status: "running", limit: most };
  const open = useQuery({
    queryKey: ["runs", "open", query],
    refetchInterval: 15_000,
    queryFn: async () => {
      const { runs, total } = must(await api.GET("/v1/runs", { params: { query } }));
      const steps = await Promise.all(runs.map((run) => currentStep(run.run_id).catch(() => null)));
      return { runs: runs.map((run, n): OpenRun => ({ run, step: steps[n] ?? null })), total: total ?? null };
    },
  });
  const pending = useRef<ReturnType<typeof setTimeout> | null>(null);
  useLive((event) => {
    if (event.kind === "score" || pending.current) return;
    pending.current = setTimeout(() => {
      pending.current = null;
      open.refetch();
    }, 500);
  });
  return open.data;
}
