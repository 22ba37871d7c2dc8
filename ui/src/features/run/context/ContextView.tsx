import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { ErrorPanel } from "../../../components/ErrorPanel";
import { Skeleton } from "../../../components/Skeleton";
import { useKeys } from "../../../lib/useKeys";
import { contextQuery } from "../data/queries";
import { contextBars } from "../layout/contextBars";
import { useRunModel } from "../model";
import { moved } from "../selection";
import { CarriedMessages } from "./CarriedMessages";
import { ContextBars } from "./ContextBars";
import { ContextLegend } from "./ContextLegend";

/** What filled the context of each model call, and where the history was cut, rewritten or compacted. */
export function ContextView() {
  const { run, selected, select } = useRunModel();
  const context = useQuery(contextQuery(run.run_id));
  const layout = useMemo(() => contextBars(context.data?.calls ?? []), [context.data]);
  const steps = layout.bars.map((bar) => bar.call.step_id);
  const go = (by: number) => select(moved(steps, selected, by));
  useKeys({ j: () => go(1), ["ArrowDown"]: () => go(1), k: () => go(-1), ["ArrowUp"]: () => go(-1) });
  if (context.isPending) return <Skeleton className="m-4 h-40" />;
  if (context.isError) {
    return (
      <div className="p-4">
        <ErrorPanel what="The contexts" error={context.error} retry={() => context.refetch()} />
      </div>
    );
  }
  if (layout.bars.length === 0) {
    return (
      <p className="p-8 text-center text-muted text-sm">
        {context.data === null
          ? "This server is too old to show contexts."
          : context.data?.unknown_count === 0
            ? "This run made no model call of its own. Its sub-agents' contexts are on their pages."
            : "The messages of this run's model calls were not sent."}
      </p>
    );
  }
  return (
    <div className="flex h-full flex-col" data-testid="context">
      <ContextLegend layout={layout} />
      <ContextBars layout={layout}>{context.data && <CarriedMessages context={context.data} />}</ContextBars>
    </div>
  );
}
