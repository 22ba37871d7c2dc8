import { useVirtualizer } from "@tanstack/react-virtual";
import { type ReactNode, useEffect, useMemo, useRef } from "react";
import type { Step } from "../../../api/types";
import { firstRect } from "../../../lib/firstRect";
import { useKeys } from "../../../lib/useKeys";
import { NONE } from "../data/skeleton";
import { type Shape, useRunModel } from "../model";
import { indexOf, moved } from "../selection";
import type { Folds } from "./useFolds";
import { useRows } from "./useRows";

export const ROW_HEIGHT = 28;

interface StepRowsProps {
  readonly shape: Shape;
  readonly folds: Folds;
  readonly label: string;
  /** A sticky header above the rows, as wide as they are, and its height. */
  readonly head?: ReactNode;
  readonly headHeight?: number;
  /** Drawn behind all rows. */
  readonly backdrop?: ReactNode;
  /** Draws one row: the step, and what has loaded beyond the skeleton. */
  readonly children: (step: number, row: Step | undefined, isSelected: boolean) => ReactNode;
}

/** The virtual list of steps that tree and timeline share, with one selection and the same keys. */
export function StepRows({ shape, folds, label, head, headHeight = 0, backdrop, children }: StepRowsProps) {
  const { run, selected: selectedId, select } = useRunModel();
  const { skeleton } = shape;
  const selected = shape.at(selectedId);
  const scroller = useRef<HTMLDivElement>(null);
  const virtual = useVirtualizer({
    count: folds.rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_HEIGHT,
    initialRect: firstRect(),
    overscan: 12,
    scrollMargin: headHeight,
    scrollPaddingStart: headHeight,
  });
  const at = selected === NONE ? -1 : indexOf(folds.rows, selected);
  useEffect(() => {
    if (at >= 0) virtual.scrollToIndex(at, { align: "auto" });
  }, [at, virtual]);

  const go = (by: number) => {
    const next = moved(folds.rows, at < 0 ? null : selected, by);
    if (next !== null) select(skeleton.stepId[next] ?? null);
  };
  const turn = (how: "open" | "close") => {
    if (selected !== NONE) select(skeleton.stepId[folds.change(selected, how)] ?? null);
  };
  useKeys({
    j: () => go(1),
    ["ArrowDown"]: () => go(1),
    k: () => go(-1),
    ["ArrowUp"]: () => go(-1),
    "[": () => turn("close"),
    ["ArrowLeft"]: () => turn("close"),
    "]": () => turn("open"),
    ["ArrowRight"]: () => turn("open"),
  });

  const items = virtual.getVirtualItems();
  const first = items[0]?.index ?? 0;
  const last = items.at(-1)?.index ?? -1;
  const visible = useMemo(() => Array.from(folds.rows.subarray(first, last + 1)), [folds.rows, first, last]);
  const rows = useRows(run.run_id, visible);
  return (
    <div ref={scroller} className="min-h-0 grow overflow-y-auto overscroll-contain" tabIndex={-1}>
      {head && <div className="sticky top-0 z-10 bg-bg">{head}</div>}
      <div className="relative" style={{ height: virtual.getTotalSize() }}>
        {backdrop && (
          <div aria-hidden className="pointer-events-none absolute inset-0">
            {backdrop}
          </div>
        )}
        <div className="absolute inset-0" role="tree" tabIndex={0} aria-label={label}>
          {items.map((item) => {
            const step = folds.rows[item.index] as number;
            return (
              <div
                key={item.key}
                role="treeitem"
                aria-selected={step === selected}
                aria-level={(shape.tree.depth[step] ?? 0) + 1}
                aria-expanded={shape.tree.below[step] ? !folds.folded.has(step) : undefined}
                tabIndex={-1}
                data-step={skeleton.stepId[step]}
                className={`step-row ${step === selected ? "step-row-selected" : ""}`}
                style={{ transform: `translateY(${item.start - headHeight}px)`, height: ROW_HEIGHT }}
                onClick={() => select(skeleton.stepId[step] ?? null)}
                onKeyDown={(event) => event.key === "Enter" && select(skeleton.stepId[step] ?? null)}
              >
                {children(step, rows.get(step), step === selected)}
              </div>
            );
          })}
        </div>
      </div>
    </div>
  );
}
