import { useVirtualizer } from "@tanstack/react-virtual";
import { ArrowDown } from "lucide-react";
import { useEffect, useMemo, useRef, useState } from "react";
import type { Run } from "../../../api/types";
import { firstRect } from "../../../lib/firstRect";
import { useKeys } from "../../../lib/useKeys";
import { useRunModel } from "../model";
import { moved } from "../selection";
import { ChildRun } from "./ChildRun";
import { placeChildren, type Told } from "./children";
import { RunEnd, RunStart } from "./Ends";
import { foldAll, stopsOf, turnIndexOf, turnInSight, useScrollTo } from "./scrolling";
import { TurnView } from "./TurnView";

/** The assumed height of a turn that has not been drawn yet. */
const USUAL = 320;
/** A story that is scrolled to within this many pixels of its end is at its end. */
const AT_END = 40;

interface StoryProps {
  /** The turn in the address. */
  readonly turn: number | undefined;
  /** Told when another turn is read; null while the turn or step in the address is. */
  readonly onSight: (turn: number | null) => void;
}

/** The run, turn by turn. Turns are fetched and drawn as they come into view. */
export function Story({ turn, onSight }: StoryProps) {
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
  const held = useScrollTo(scroller, virtual, wanted, selected);
  const go = (by: number) => select(moved(stopsOf(run.turns), selected, by));
  const fold = (open: boolean) => scroller.current && foldAll(scroller.current, wanted, open);
  useKeys({ j: () => go(1), k: () => go(-1), "[": () => fold(false), "]": () => fold(true) });
  const follow = useFollow(scroller, run.status === "running", virtual.getTotalSize());

  const onScroll = () => {
    const { current } = scroller;
    if (!current) return;
    const at = held.current ? undefined : turnInSight(current)?.dataset["turnAt"];
    onSight(at === undefined ? null : (run.turns[Number(at)]?.n ?? null));
  };
  const before = children.filter((told) => told.turn === null);
  return (
    <div className="relative h-full">
      <div
        ref={scroller}
        className="h-full overflow-y-auto overscroll-contain"
        data-testid="story"
        onScroll={onScroll}
      >
        <div className="mx-auto max-w-[860px] px-4 pt-4 pb-16 sm:px-6">
          <RunStart />
          {before.length > 0 && (
            <div className="mb-4 space-y-3">
              {before.map(({ child }) => (
                <ChildRun key={child.run_id} run={child} />
              ))}
            </div>
          )}
          <div className="relative" style={{ height: virtual.getTotalSize() }}>
            {virtual.getVirtualItems().map((item) => {
              const turn = run.turns[item.index];
              return (
                turn && (
                  <div
                    key={item.key}
                    ref={virtual.measureElement}
                    data-index={item.index}
                    data-turn-at={item.index}
                    className="absolute inset-x-0"
                    // Not a transform: a heading that stays on screen goes by the place in the layout.
                    style={{ top: item.start }}
                  >
                    <TurnView
                      runId={run.run_id}
                      turn={turn}
                      isLast={run.status === "completed" && item.index === run.turns.length - 1}
                      answer={run.output_preview}
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
      {run.status === "running" && (
        <button type="button" className="story-follow" aria-pressed={follow.on} onClick={follow.toggle}>
          <ArrowDown aria-hidden className="size-3.5" /> {follow.on ? "Following" : "Follow"}
        </button>
      )}
    </div>
  );
}

/** Keeps the end of a running story in sight from when the reader asks for it until they scroll up. */
function useFollow(scroller: React.RefObject<HTMLElement | null>, isOpen: boolean, height: number) {
  const [on, setOn] = useState(false);
  const toEnd = () => scroller.current?.scrollTo({ top: scroller.current.scrollHeight });
  // biome-ignore lint/correctness/useExhaustiveDependencies: a story that has grown is scrolled again
  useEffect(() => {
    if (on && isOpen) toEnd();
  }, [on, isOpen, height]);
  useEffect(() => {
    const { current } = scroller;
    if (!on || !current) return;
    const letGo = () => {
      const left = current.scrollHeight - current.scrollTop - current.clientHeight;
      if (left > AT_END) setOn(false);
    };
    const moved = () => requestAnimationFrame(letGo);
    current.addEventListener("wheel", moved, { passive: true });
    current.addEventListener("touchmove", moved, { passive: true });
    return () => {
      current.removeEventListener("wheel", moved);
      current.removeEventListener("touchmove", moved);
    };
  }, [on, scroller]);
  return { on, toggle: () => setOn(!on) };
}
