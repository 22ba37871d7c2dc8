import { useQuery } from "@tanstack/react-query";
import { useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { useCallback, useMemo } from "react";
import type { RunDetail } from "../../api/types";
import { useTitle } from "../../lib/useTitle";
import { runQuery, skeletonQuery } from "./data/queries";
import { useLiveRun } from "./data/useLiveRun";
import { RunHeader } from "./header/RunHeader";
import { RunModelContext, toShape } from "./model";
import { PageState } from "./panels/PageState";
import { RunPanels } from "./panels/RunPanels";
import { type RunSearch, readRunSearch } from "./search";
import { TextFormProvider } from "./text/TextFormProvider";
import { useNow } from "./useNow";
import "./run.css";

/** One run: its header, and its views, which share one selection. All choices are in the address. */
export function RunPage() {
  const { runId } = useParams({ from: "/runs/$runId" });
  const address = useSearch({ from: "/runs/$runId" });
  const navigate = useNavigate({ from: "/runs/$runId" });
  const search = useMemo(() => readRunSearch(address), [address]);
  // Selecting a step replaces the history entry: nobody wants to go back through every step they looked at.
  const onSearch = useCallback(
    (search: RunSearch) => void navigate({ search: { ...search }, replace: true }),
    [navigate],
  );
  const run = useQuery(runQuery(runId));
  if (!run.data) return <PageState error={run.error} onRetry={() => run.refetch()} />;
  return <LoadedRun key={runId} run={run.data} search={search} onSearch={onSearch} />;
}

/** Before the name of the run in the title of the tab. */
const TITLE_MARKS: Readonly<Record<string, string>> = { running: "… ", failed: "✗ ", waiting: "? " };

interface LoadedRunProps {
  readonly run: RunDetail;
  readonly search: RunSearch;
  readonly onSearch: (search: RunSearch) => void;
}

function LoadedRun({ run, search, onSearch }: LoadedRunProps) {
  const skeleton = useQuery(skeletonQuery(run.run_id));
  const now = useNow(run);
  useLiveRun(
    run.run_id,
    run.children.map((child) => child.run_id),
  );
  const shape = useMemo(() => (skeleton.data ? toShape(skeleton.data) : null), [skeleton.data]);
  useTitle(`${TITLE_MARKS[run.status] ?? ""}${run.agent_name ?? run.name}`);
  const selected = search.step ?? null;
  const model = useMemo(
    () => ({
      run,
      shape,
      selected,
      now,
      select: (step: string | null) => {
        const { step: _, turn: __, ...rest } = search;
        onSearch(step === null ? rest : { ...rest, step });
      },
    }),
    [run, shape, selected, now, search, onSearch],
  );
  return (
    <RunModelContext value={model}>
      <TextFormProvider>
        <div className="flex h-full min-h-0 flex-col">
          <RunHeader search={search} onSearch={onSearch} />
          <RunPanels
            search={search}
            onSearch={onSearch}
            skeletonError={skeleton.error}
            onRetry={() => skeleton.refetch()}
          />
        </div>
      </TextFormProvider>
    </RunModelContext>
  );
}
