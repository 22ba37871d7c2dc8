import { useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useMemo, useRef } from "react";
import { firstRect } from "../../../lib/firstRect";
import { useRunModel } from "../model";
import { turnIndexOf } from "../story/scrolling";
import { OutlineTurn } from "./OutlineTurn";

const HEIGHT = 50;

interface OutlineProps {
  /** The turn named in the link. */
  readonly turn: number | undefined;
  readonly onTurn: (n: number) => void;
  /** The turn that is being read; null while it is the one in the link. */
  readonly inSight: number | null;
}

/** The list of turns beside every view: what each called, how long it took, and what failed. */
export function Outline({ turn, onTurn, inSight }: OutlineProps) {
  const { run, selected } = useRunModel();
  const scroller = useRef<HTMLDivElement>(null);
  const virtual = useVirtualizer({
    count: run.turns.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => HEIGHT,
    initialRect: firstRect(),
    overscan: 8,
  });
  const chosen = selected ? turnIndexOf(run.turns, selected) : run.turns.findIndex((one) => one.n === turn);
  const at = inSight === null ? chosen : run.turns.findIndex((one) => one.n === inSight);
  const most = useMemo(
    () => ({
      cost: run.turns.reduce((most, one) => Math.max(most, one.cost_usd ?? 0), 0) || 1,
      time: run.turns.reduce((most, one) => Math.max(most, one.duration_ms), 0) || 1,
    }),
    [run.turns],
  );
  useEffect(() => {
    if (at >= 0) virtual.scrollToIndex(at, { align: "auto" });
  }, [at, virtual]);
  return (
    <nav aria-label="Turns" className="flex h-full flex-col">
      <p className="shrink-0 px-3 pt-3 pb-1.5 font-medium text-muted text-xs">
        {run.turns.length} {run.turns.length === 1 ? "turn" : "turns"}
      </p>
      <div ref={scroller} className="min-h-0 grow overflow-y-auto pb-4">
        <ol className="relative" style={{ height: virtual.getTotalSize() }}>
          {virtual.getVirtualItems().map((item) => {
            const turn = run.turns[item.index];
            return (
              turn && (
                <li
                  key={item.key}
                  className="absolute inset-x-0 top-0 px-1.5"
                  style={{ transform: `translateY(${item.start}px)`, height: HEIGHT }}
                >
                  <OutlineTurn
                    turn={turn}
                    isCurrent={item.index === at}
                    heat={{ cost: (turn.cost_usd ?? 0) / most.cost, time: turn.duration_ms / most.time }}
                    onSelect={() => onTurn(turn.n)}
                  />
                </li>
              )
            );
          })}
        </ol>
      </div>
    </nav>
  );
}
