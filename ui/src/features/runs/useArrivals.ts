import { useQueryClient } from "@tanstack/react-query";
import { useRef, useState } from "react";
import { api, must } from "../../api/client";
import { useLive } from "../../api/useLive";
import type { ListedRun, PageOfRuns } from "./pageQuery";
import { filterOf, type View } from "./view";

const pages = { queryKey: ["runs", "page"] };

/**
 * What arrives while the user reads. A run on screen is updated in place, or marked as deleted. New runs that match the filters are
 * counted, and shown when the user asks for them. Then the list starts over (`reading` changes): the old cursors would leave a gap
 * between the new runs and those already fetched.
 */
export function useArrivals(view: View): { waiting: number; reading: number; show: () => void } {
  const client = useQueryClient();
  const [waiting, setWaiting] = useState(0);
  const [reading, setReading] = useState(0);
  const pending = useRef<ReturnType<typeof setTimeout> | null>(null);

  const shown = (id: string) =>
    client.getQueriesData<PageOfRuns>(pages).some(([, page]) => page?.runs.some((run) => run.run_id === id));

  const change = (id: string, changed: Partial<ListedRun>) =>
    client.setQueriesData<PageOfRuns>(pages, (page) =>
      page?.runs.some((run) => run.run_id === id)
        ? { ...page, runs: page.runs.map((run) => (run.run_id === id ? { ...run, ...changed } : run)) }
        : page,
    );

  const show = () => {
    setWaiting(0);
    setReading((n) => n + 1);
    client.invalidateQueries({ queryKey: ["runs"] });
  };

  const count = async () => {
    pending.current = null;
    const query = { ...filterOf(view), order: "-started_at", limit: 50 } as const;
    const reply = await api.GET("/v1/runs", { params: { query } }).catch(() => null);
    if (!reply?.response.ok) return;
    const newest = must(reply).runs;
    const fresh = newest.filter((run) => !shown(run.run_id)).length;
    for (const run of newest) change(run.run_id, run);
    const active = client.getQueriesData<PageOfRuns>({ ...pages, type: "active" });
    if (fresh > 0 && active.every(([, page]) => !page?.runs.length)) show();
    else setWaiting(fresh);
  };

  useLive((event) => {
    if (event.kind === "run" && shown(event.runId)) change(event.runId, event.run ?? { gone: true });
    else pending.current ??= setTimeout(count, 400);
  });
  return { waiting, reading, show };
}
