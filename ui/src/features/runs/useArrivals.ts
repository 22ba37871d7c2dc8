import { useQueryClient } from "@tanstack/react-query";
import { useRef, useState } from "react";
import { api, must, type Schemas } from "../../api/client";
import { useLive } from "../../api/useLive";
import { filterOf, type View } from "./view";

type Page = Schemas["RunList"];

/**
 * What arrives while one reads: a run that is shown changes in its place; how many new ones the filters would let in
 * is counted, and they come in when the person says so.
 */
export function useArrivals(view: View): { waiting: number; show: () => void } {
  const client = useQueryClient();
  const [waiting, setWaiting] = useState(0);
  const pending = useRef<ReturnType<typeof setTimeout> | null>(null);

  const shown = (id: string) =>
    client
      .getQueriesData<Page>({ queryKey: ["runs", "page"] })
      .some(([, page]) => page?.runs.some((run) => run.run_id === id));

  const show = () => {
    setWaiting(0);
    client.invalidateQueries({ queryKey: ["runs"] });
  };

  const count = async () => {
    pending.current = null;
    const query = { ...filterOf(view), order: "-started_at", limit: 50 } as const;
    const reply = await api.GET("/v1/runs", { params: { query } }).catch(() => null);
    if (!reply?.response.ok) return;
    const fresh = must(reply).runs.filter((run) => !shown(run.run_id)).length;
    const nothingYet = client.getQueriesData<Page>({ queryKey: ["runs", "page"], type: "active" });
    if (fresh > 0 && nothingYet.every(([, page]) => !page?.runs.length)) show();
    else setWaiting(fresh);
  };

  useLive((event) => {
    if (event.kind === "gap") return show();
    if (event.kind === "run" && event.run && shown(event.runId)) {
      const changed = event.run;
      client.setQueriesData<Page>({ queryKey: ["runs", "page"] }, (page) =>
        page?.runs.some((run) => run.run_id === changed.run_id)
          ? {
              ...page,
              runs: page.runs.map((run) => (run.run_id === changed.run_id ? { ...run, ...changed } : run)),
            }
          : page,
      );
    } else {
      pending.current ??= setTimeout(count, 400);
    }
  });
  return { waiting, show };
}
