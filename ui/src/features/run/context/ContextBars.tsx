import { useVirtualizer } from "@tanstack/react-virtual";
import { type ReactNode, useEffect, useMemo, useRef } from "react";
import { firstRect } from "../../../lib/firstRect";
import type { ContextBars as Layout } from "../layout/contextBars";
import { useRunModel } from "../model";
import { ContextRow } from "./ContextRow";

const HEIGHT = 34;

/** One row per model call, virtualised, and what stands below them. */
export function ContextBars({ layout, children }: { readonly layout: Layout; readonly children: ReactNode }) {
  const { selected, select } = useRunModel();
  const scroller = useRef<HTMLDivElement>(null);
  const virtual = useVirtualizer({
    count: layout.bars.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => HEIGHT,
    initialRect: firstRect(),
    overscan: 10,
  });
  const hasChanges = useMemo(() => layout.bars.some(({ change }) => change !== null), [layout]);
  const at = layout.bars.findIndex((bar) => bar.call.step_id === selected);
  useEffect(() => {
    if (at >= 0) virtual.scrollToIndex(at, { align: "auto" });
  }, [at, virtual]);
  return (
    <div ref={scroller} className="min-h-0 grow overflow-y-auto">
      <ol className="relative" style={{ height: virtual.getTotalSize() }}>
        {virtual.getVirtualItems().map((item) => {
          const bar = layout.bars[item.index];
          return (
            bar && (
              <li
                key={item.key}
                className="absolute inset-x-0 top-0"
                style={{ transform: `translateY(${item.start}px)`, height: HEIGHT }}
              >
                <ContextRow
                  bar={bar}
                  unit={layout.unit}
                  hasChanges={hasChanges}
                  isSelected={item.index === at}
                  onSelect={() => select(bar.call.step_id)}
                />
              </li>
            )
          );
        })}
      </ol>
      {children}
    </div>
  );
}
