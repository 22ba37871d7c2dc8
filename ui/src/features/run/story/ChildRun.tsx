import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import type { Run } from "../../../api/types";
import { ErrorPanel } from "../../../components/ErrorPanel";
import { RunLink } from "../../../components/RunLink";
import { Skeleton } from "../../../components/Skeleton";
import { errorLine } from "../../../lib/errors";
import { visible } from "../../../lib/text";
import { runQuery } from "../data/queries";
import { runFigures } from "../figures";
import { useRunModel } from "../model";
import { Disclosure } from "../panels/Disclosure";
import { placeChildren } from "./children";
import { TurnView } from "./TurnView";

/** A sub-agent: its name, totals and answer when folded, its own story when open. */
export function ChildRun({ run }: { readonly run: Run }) {
  const { run: top, now } = useRunModel();
  const name = visible(run.agent_name ?? run.name);
  const figures = runFigures(run, top.children, top.started_at + now);
  return (
    <div className="story-child" data-child-run={run.run_id}>
      <Disclosure
        summary={
          <span className="flex min-w-0 flex-wrap items-baseline gap-x-2">
            <span className="truncate font-semibold text-text text-sm">{name}</span>
            <span className="text-left tabular-nums">{figures.join(" · ")}</span>
          </span>
        }
      >
        {() => <ChildStory runId={run.run_id} />}
      </Disclosure>
      <p className="mt-1 line-clamp-2 pl-5 text-muted text-sm" title={visible(run.output_preview ?? "")}>
        {run.error ? errorLine(run.error) : visible(run.output_preview ?? "")}
      </p>
    </div>
  );
}

function ChildStory({ runId }: { readonly runId: string }) {
  const { shape } = useRunModel();
  const run = useQuery(runQuery(runId));
  const told = useMemo(() => {
    if (!shape || !run.data) return [];
    const own = run.data.children.filter((child) => child.parent_run_id === runId);
    return placeChildren(shape.skeleton, runId, run.data.turns, own);
  }, [shape, run.data, runId]);
  if (run.isPending) return <Skeleton className="h-16" />;
  if (run.isError)
    return <ErrorPanel what="The sub-agent's run" error={run.error} retry={() => run.refetch()} />;
  return (
    <>
      <RunLink runId={runId} className="text-accent text-xs hover:underline">
        Open this run on its own
      </RunLink>
      {run.data.turns.map((turn, at) => (
        <TurnView
          key={turn.n}
          runId={runId}
          turn={turn}
          level={3}
          isLast={run.data.status === "completed" && at === run.data.turns.length - 1}
          answer={run.data.output_preview}
          told={told.filter((place) => place.turn === turn.n)}
        />
      ))}
    </>
  );
}
