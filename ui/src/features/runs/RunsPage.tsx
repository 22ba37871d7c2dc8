import { useNavigate } from "@tanstack/react-router";
import { useCallback, useEffect, useMemo, useState } from "react";
import { Problem } from "../../api/client";
import { useDeletions } from "../../api/deletion";
import { ErrorPanel } from "../../components/ErrorPanel";
import { keepView } from "../../lib/lastView";
import { exactCount } from "../../lib/numbers";
import { useKeys } from "../../lib/useKeys";
import { useNow } from "../../lib/useNow";
import { useTitle } from "../../lib/useTitle";
import { Chips } from "./Chips";
import { ColumnMenu } from "./ColumnMenu";
import { chosen } from "./columns";
import { ExportLink } from "./ExportLink";
import { Histogram } from "./Histogram";
import { NoRuns } from "./NoRuns";
import { OpenRuns } from "./OpenRuns";
import { Peek } from "./Peek";
import { type ListedRun, windowOf } from "./pageQuery";
import { QueryLine } from "./QueryLine";
import { RunsTable } from "./RunsTable";
import { SelectionBar } from "./SelectionBar";
import { TimeRange } from "./TimeRange";
import { useArrivals } from "./useArrivals";
import { useHistogram } from "./useHistogram";
import { useOpenRuns } from "./useOpenRuns";
import { useRuns } from "./useRuns";
import { useView } from "./useView";
import { ViewMenu } from "./ViewMenu";
import { isInTime, writeView } from "./view";

/** The runs, newest first and live. */
export function RunsPage() {
  const [view, change] = useView();
  const navigate = useNavigate();
  useTitle(view.name || view.q);
  useEffect(() => keepView(writeView(view)), [view]);
  const now = useNow(1000);
  const [[first, last], setRange] = useState<[number, number]>([0, 0]);
  // Re-renders only when the window of pages changes, not for each row that scrolls by.
  const onRange = useCallback((from: number, to: number) => {
    setRange((old) =>
      windowOf(old[0]) === windowOf(from) && windowOf(old[1]) === windowOf(to) ? old : [from, to],
    );
  }, []);
  const arrivals = useArrivals(view);
  const list = useRuns(view, arrivals.reading, first, last);
  const { pending, leaving } = useDeletions();
  const doomed = new Set([...pending, ...leaving].map(({ id }) => id));
  const rows = new Map(
    [...list.rows].map(([at, run]) => [at, doomed.has(run.run_id) ? { ...run, gone: true as const } : run]),
  );
  const histogram = useHistogram(view);
  const open = useOpenRuns(view);
  const peeking = view.peek !== null;
  const columns = useMemo(() => chosen(view.columns, peeking), [view.columns, peeking]);

  const [selected, setSelected] = useState<ReadonlyMap<string, string>>(new Map());
  const toggle = (run: ListedRun) => {
    const next = new Map(selected);
    if (!next.delete(run.run_id)) next.set(run.run_id, run.name);
    setSelected(next);
  };
  const [at, setAt] = useState(-1);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another list begins at its top
  useEffect(() => setAt(-1), [view.q, view.after, view.before, view.last, view.order, view.children]);
  const stand = (row: number) => {
    const next = Math.max(0, Math.min(row, list.count - 1));
    setAt(next);
    const run = list.rows.get(next);
    if (view.peek && run) change({ peek: run.run_id }, true);
  };
  const pick = (row: number) => {
    const run = list.rows.get(row);
    setAt(row);
    if (run) change({ peek: run.run_id === view.peek ? null : run.run_id }, true);
  };
  useKeys({
    j: () => stand(at + 1),
    k: () => stand(at - 1),
    p: () => pick(Math.max(0, at)),
    n: arrivals.show,
    x: () => {
      const run = list.rows.get(at);
      if (run) toggle(run);
    },
    Enter: (event) => {
      const run = list.rows.get(at);
      if (run && event.target === document.body)
        navigate({ to: "/runs/$runId", params: { runId: run.run_id } });
    },
    Escape: () => (view.peek ? change({ peek: null }, true) : setAt(-1)),
    "/": (event) => {
      event.preventDefault();
      document.getElementById("query")?.focus();
    },
  });

  const problem = list.error instanceof Problem && list.error.status === 400 ? list.error : null;
  const empty = !list.loading && !list.error && list.count === 0;
  const bars = histogram.data;
  const said = (n: number) => `${exactCount(n)} ${n === 1 ? "run" : "runs"}`;
  return (
    <div className="flex h-full flex-col">
      <h1 className="sr-only">Runs</h1>
      <div className="flex flex-col gap-2 border-b px-3 py-2">
        <div className="flex items-start gap-2 max-sm:flex-wrap">
          <QueryLine query={view.q} error={problem} onQuery={(q) => change({ q })} />
          <TimeRange view={view} change={change} />
          <ViewMenu view={view} />
          <ExportLink view={view} />
          <ColumnMenu shown={view.columns} onShow={(shown) => change({ columns: shown }, true)} />
        </div>
        <div className="flex items-center gap-3">
          <div className="min-w-0 flex-1">
            <Chips view={view} change={change} />
          </div>
          <span aria-live="polite" className="shrink-0 text-muted max-sm:hidden">
            {bars && !problem && said(bars.runs)}
          </span>
        </div>
      </div>
      <div className="relative flex min-h-0 flex-1">
        <div className="relative flex min-w-0 flex-1 flex-col">
          {!empty && !problem && (
            <div className="h-[68px] shrink-0 border-b px-3 pt-1 max-sm:hidden">
              {bars && (
                <Histogram
                  bars={bars.bars}
                  width={bars.width}
                  label={`${said(bars.runs)} over time, ${bars.failed} failed`}
                  onBrush={(after, before) => change({ after, before, last: null })}
                />
              )}
            </div>
          )}
          <SelectionBar selected={selected} clear={() => setSelected(new Map())} />
          {arrivals.waiting > 0 && (
            <button
              type="button"
              onClick={arrivals.show}
              className="absolute top-20 left-1/2 z-20 -translate-x-1/2 rounded-full bg-accent px-3 py-1 text-xs font-medium text-bg shadow-lg"
            >
              {arrivals.waiting >= 50 ? "50+" : arrivals.waiting} new{" "}
              {arrivals.waiting === 1 ? "run" : "runs"}
            </button>
          )}
          {list.error && !problem ? (
            <ErrorPanel what="The runs" error={list.error} retry={list.retry} />
          ) : empty ? (
            <NoRuns filtered={view.q !== "" || isInTime(view)} />
          ) : (
            !problem && (
              <RunsTable
                rows={doomed.size > 0 ? rows : list.rows}
                count={list.loading && list.count === 0 ? 12 : list.count}
                total={list.total}
                columns={columns}
                order={view.order}
                now={now}
                at={at}
                peek={view.peek}
                selected={selected}
                onSelect={toggle}
                onRange={onRange}
                onOrder={(order) => change({ order })}
                onPick={pick}
                above={open && <OpenRuns runs={open.runs} total={open.total} now={now} />}
              />
            )
          )}
        </div>
        {view.peek && <Peek runId={view.peek} close={() => change({ peek: null }, true)} />}
      </div>
    </div>
  );
}
