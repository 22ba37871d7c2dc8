import { RunLink } from "../../../components/RunLink";
import { StatusMark } from "../../../components/StatusMark";
import { visible } from "../../../lib/text";
import { Marks } from "../marks/Marks";
import { Tags } from "../marks/Tags";
import { useRunModel } from "../model";
import { useIsWide } from "../panels/useIsWide";
import { NarrowFacts } from "./NarrowFacts";
import { RunCopy } from "./RunCopy";
import { RunFigures } from "./RunFigures";
import { RunOrigin } from "./RunOrigin";

/** The agent, status and figures of the run, shown in every view. */
export function RunHeader() {
  const { run } = useRunModel();
  const isWide = useIsWide();
  const name = visible(run.agent_name ?? run.name);
  return (
    <header className="shrink-0 border-line border-b px-4 pt-3 pb-2">
      <div className="flex items-center gap-2.5">
        <StatusMark status={run.status} />
        <h1 className="min-w-0 truncate font-semibold text-lg tracking-tight" title={name}>
          {name}
        </h1>
        {run.parent_run_id && (
          <RunLink runId={run.parent_run_id} className="shrink-0 text-accent text-xs hover:underline">
            part of another run
          </RunLink>
        )}
        <span className="ml-auto flex shrink-0 items-center">
          <Marks runId={run.run_id} stepId={null} />
          <RunCopy />
        </span>
      </div>
      <RunFigures />
      {isWide ? (
        <div className="mt-1.5 flex flex-wrap items-center gap-x-3 gap-y-1 text-xs">
          <RunOrigin />
          <Tags />
        </div>
      ) : (
        <NarrowFacts />
      )}
    </header>
  );
}
