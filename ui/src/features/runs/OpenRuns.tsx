import { KindIcon } from "../../components/KindIcon";
import { RunLink } from "../../components/RunLink";
import { StatusMark } from "../../components/StatusMark";
import { oneLine } from "../../lib/text";
import { duration } from "../../lib/time";
import type { OpenRun } from "./useOpenRuns";

/** The open runs, above the list: the current step of each, and for how long it has run. */
export function OpenRuns({ runs, total, now }: { runs: OpenRun[]; total: number | null; now: number }) {
  if (runs.length === 0) return null;
  const more = (total ?? 0) - runs.length;
  return (
    <section aria-label="Open runs" className="border-b bg-raised px-3 py-1.5">
      <h2 className="text-xs text-muted">Running now{more > 0 && `, ${more} more in the list`}</h2>
      <ul>
        {runs.map(({ run, step }) => (
          <li key={run.run_id}>
            <RunLink runId={run.run_id} className="flex h-7 items-center gap-2 rounded px-1 hover:bg-hover">
              <StatusMark status="running" />
              <span className="max-w-44 shrink-0 truncate font-medium">{oneLine(run.name, 80)}</span>
              <span className="shrink-0 text-muted max-sm:hidden">turn {run.turn_count}</span>
              {step && (
                <span className="flex min-w-0 items-center gap-1.5">
                  <KindIcon kind={step.kind} />
                  <span className="truncate">{oneLine(step.tool_name ?? step.name, 80)}</span>
                  {step.status === "running" && (
                    <span className="shrink-0 text-muted">
                      for {duration(Math.max(0, now - step.started_at))}
                    </span>
                  )}
                </span>
              )}
              <span className="ml-auto shrink-0 text-muted">
                {duration(Math.max(0, now - run.started_at))}
              </span>
            </RunLink>
          </li>
        ))}
      </ul>
    </section>
  );
}
