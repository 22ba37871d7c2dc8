import { memo } from "react";
import { AskedAndAnswered } from "../../components/AskedAndAnswered";
import { RunLink } from "../../components/RunLink";
import { RunMarks } from "../../components/RunMarks";
import { Skeleton } from "../../components/Skeleton";
import { StatusMark } from "../../components/StatusMark";
import { plural, usd } from "../../lib/numbers";
import { oneLine } from "../../lib/text";
import { clock, duration } from "../../lib/time";
import type { Column } from "./columns";
import type { ListedRun } from "./pageQuery";

type Props = { run: ListedRun; columns: Column[]; now: number; narrow: boolean };

/** A run in one row: agent, question, answer and figures. */
export const RunRow = memo(function RunRow({ run, columns, now, narrow }: Props) {
  if (run.gone) return <GoneRow run={run} />;
  if (narrow) return <NarrowRow run={run} now={now} />;
  return (
    <>
      <div role="gridcell" className="flex w-44 shrink-0 items-center gap-2">
        <StatusMark
          status={run.status}
          {...(run.status_reason && { title: `${run.status}: ${run.status_reason}` })}
        />
        <Name run={run} />
      </div>
      <div role="gridcell" className="min-w-40 flex-1 leading-[17px]">
        <AskedAndAnswered run={run} />
      </div>
      {columns.map((column) => (
        <div
          role="gridcell"
          key={column.id}
          style={{ width: column.width }}
          className={`shrink-0 truncate ${column.right ? "text-right" : ""} ${column.id === "time" ? "text-muted" : ""}`}
        >
          {column.cell(run, now)}
        </div>
      ))}
    </>
  );
});

/** A deleted run keeps its row, so that nothing moves while the user reads. */
function GoneRow({ run }: { run: ListedRun }) {
  return (
    <div role="gridcell" className="min-w-0 flex-1 truncate text-muted">
      <s>{oneLine(run.name, 80) || "unnamed"}</s> was deleted
    </div>
  );
}

function NarrowRow({ run, now }: { run: ListedRun; now: number }) {
  return (
    <div role="gridcell" className="min-w-0 flex-1 leading-[18px]">
      <div className="flex items-center gap-2">
        <StatusMark status={run.status} />
        <Name run={run} />
        <span className="ml-auto shrink-0 text-muted">{clock(run.started_at, now)}</span>
      </div>
      <AskedAndAnswered run={run} />
      <div className="mt-0.5 flex h-5 items-center gap-2 overflow-hidden text-xs whitespace-nowrap text-muted">
        <span>{duration(run.ended_at ? run.duration_ms : now - run.started_at)}</span>
        <span>{usd(run.total.cost_usd)}</span>
        <span>{plural(run.total.turn_count, "turn")}</span>
        <RunMarks run={run} />
      </div>
    </div>
  );
}

function Name({ run }: { run: ListedRun }) {
  return (
    <RunLink runId={run.run_id} className="truncate font-medium hover:underline" title={oneLine(run.name)}>
      {oneLine(run.name, 80) || "unnamed"}
    </RunLink>
  );
}

/** A placeholder for a run that is loading. */
export function RowSkeleton() {
  return (
    <div role="gridcell" className="flex flex-1 items-center gap-3">
      <Skeleton className="h-3.5 w-3.5 rounded-full" />
      <Skeleton className="h-3 w-32" />
      <Skeleton className="h-3 flex-1" />
      <Skeleton className="h-3 w-48 max-sm:hidden" />
    </div>
  );
}
