import { useVirtualizer } from "@tanstack/react-virtual";
import { useMemo, useRef } from "react";
import { firstRect } from "../../../lib/firstRect";
import { useKeys } from "../../../lib/useKeys";
import type { Run } from "../data/api";
import { useRunModel } from "../model";
import { moved } from "../selection";
import { ChildRun } from "./ChildRun";
import { placeChildren, type Told } from "./children";
import { RunEnd, RunStart } from "./Ends";
import { foldAll, turnInSight } from "./folds";
import { stopsOf, turnIndexOf } from "./stops";
import { TurnView } from "./TurnView";
import { useScrollTo } from "./useScrollTo";

/** The assumed height of a turn that has not been drawn yet. */
const USUAL = 320;

/** The run, turn by turn. Turns are fetched and drawn as they come into view. */
export function Story({ turn }: { readonly turn: number | undefined }) {
  const { run, shape, selected, select } = useRunModel();
  const scroller = useRef<HTMLDivElement>(null);
  const children = useMemo<Told<Run>[]>(() => {
    const own = run.children.filter((child) => child.parent_run_id === run.run_id);
    return shape ? placeChildren(shape.skeleton, run.run_id, run.turns, own) : [];
  }, [run, shape]);
  const virtual = useVirtualizer({
    count: run.turns.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => USUAL,
    initialRect: firstRect(),
    getItemKey: (index) => run.turns[index]?.n ?? index,
    overscan: 2,
  });

  const wanted = selected ? turnIndexOf(run.turns, selected) : run.turns.findIndex((t) => t.n === turn);
  useScrollTo(scroller, virtual, wanted, selected);
  const go = (by: number) => select(moved(stopsOf(run.turns), selected, by));
  const fold = (open: boolean) => {
    const within = scroller.current && turnInSight(scroller.current, wanted);
    if (within) foldAll(within, open);
  };
  useKeys({ j: () => go(1), k: () => go(-1), "[": () => fold(false), "]": () => fold(true) });

  const before = children.filter((told) => told.turn === null);
  return (
    <div ref={scroller} className="h-full overflow-y-auto overscroll-contain" data-testid="story">
      <div className="mx-auto max-w-[860px] px-4 pt-4 pb-16 sm:px-6">
        <RunStart />
        {before.map(({ child }) => (
          <ChildRun key={child.run_id} run={child} />
        ))}
        <div className="relative" style={{ height: virtual.getTotalSize() }}>
          {virtual.getVirtualItems().map((item) => {
            const turn = run.turns[item.index];
            return (
              turn && (
                <div
                  key={item.key}
                  ref={virtual.measureElement}
                  data-index={item.index}
                  className="absolute inset-x-0 top-0"
                  style={{ transform: `translateY(${item.start}px)` }}
                >
                  <TurnView
                    runId={run.run_id}
                    turn={turn}
                    last={item.index === run.turns.length - 1}
                    told={children.filter((told) => told.turn === turn.n)}
                  />
                </div>
              )
            );
          })}
        </div>
        <RunEnd />
      </div>
    </div>
  );
}
