import { Link, useNavigate } from "@tanstack/react-router";
import { Trash2 } from "lucide-react";
import { deleteLater } from "../../../api/deletion";
import { Button } from "../../../components/Button";
import { FilterLink } from "../../../components/FilterLink";
import { RunLink } from "../../../components/RunLink";
import { StatusMark } from "../../../components/StatusMark";
import { lastView } from "../../../lib/lastView";
import { visible } from "../../../lib/text";
import { Marks } from "../marks/Marks";
import { Tags } from "../marks/Tags";
import { useRunModel } from "../model";
import { useIsWide } from "../panels/useIsWide";
import { NarrowFacts } from "./NarrowFacts";
import { RunCopy } from "./RunCopy";
import { RunFigures } from "./RunFigures";
import { RunOrigin } from "./RunOrigin";
import { Why, type WhyProps } from "./Why";

/** The agent, status and figures of the run, shown in every view. */
export function RunHeader(props: WhyProps) {
  const { run } = useRunModel();
  const isWide = useIsWide();
  const navigate = useNavigate();
  const name = visible(run.agent_name ?? run.name);
  return (
    <header className="shrink-0 border-line border-b px-4 pt-3 pb-2" data-run={run.run_id}>
      <div className="flex items-center gap-2.5">
        <Link
          to="/"
          search={lastView()}
          className="shrink-0 text-muted text-xs hover:text-text"
          title="Back to the list"
        >
          ← Runs
        </Link>
        <StatusMark status={run.status} />
        <h1 className="min-w-0 truncate font-semibold text-lg tracking-tight" title={name}>
          {run.agent_name ? <FilterLink name="agent" value={run.agent_name} /> : name}
        </h1>
        {run.parent_run_id && (
          <RunLink runId={run.parent_run_id} className="shrink-0 text-accent text-xs hover:underline">
            part of another run
          </RunLink>
        )}
        <span className="ml-auto flex shrink-0 items-center">
          <Marks runId={run.run_id} stepId={null} />
          <RunCopy />
          <Button
            look="icon"
            aria-label="Delete this run"
            title="Delete this run, its sub-agents and all their content"
            onClick={() => {
              deleteLater([{ id: run.run_id, name }]);
              void navigate({ to: "/", search: lastView() });
            }}
          >
            <Trash2 aria-hidden className="size-4" />
          </Button>
        </span>
      </div>
      <RunFigures />
      <Why {...props} />
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
