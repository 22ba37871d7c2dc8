import { useVirtualizer } from "@tanstack/react-virtual";
import { useMemo, useRef, useState } from "react";
import type { Value } from "../data/clip";
import { jsonRows } from "../layout/jsonRows";
import { PagedText } from "../text/PagedText";
import { JsonLine } from "./JsonLine";

interface JsonViewProps {
  readonly value: Value;
  readonly label: string;
  readonly openDepth?: number;
}

/** With more lines than this, only those on screen are drawn. */
const MANY = 200;
const LINE = 20;

/** A JSON value that can be folded. Long texts, and structures too large to draw, are shown in pages. */
export function JsonView({ value, label, openDepth = 2 }: JsonViewProps) {
  const [turned, setTurned] = useState<ReadonlySet<string>>(new Set());
  const rows = useMemo(() => jsonRows(value, turned, openDepth), [value, turned, openDepth]);
  const scroller = useRef<HTMLDivElement>(null);
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => LINE,
    overscan: 20,
    enabled: rows.length > MANY,
  });
  if (value instanceof Blob) return <PagedText blob={value} label={label} />;
  const folds = rows.some((row) => row.size);
  const turn = (pointer: string) => {
    const next = new Set(turned);
    if (!next.delete(pointer)) next.add(pointer);
    setTurned(next);
  };
  if (rows.length <= MANY) {
    return (
      <section className="font-mono text-xs" aria-label={label}>
        {rows.map((row) => (
          <JsonLine key={row.pointer} row={row} folds={folds} onTurn={turn} />
        ))}
      </section>
    );
  }
  return (
    <section ref={scroller} className="max-h-[60vh] overflow-auto font-mono text-xs" aria-label={label}>
      <div className="relative" style={{ height: virtual.getTotalSize() }}>
        {virtual.getVirtualItems().map((item) => {
          const row = rows[item.index];
          return (
            row && (
              <div
                key={row.pointer}
                ref={virtual.measureElement}
                data-index={item.index}
                className="absolute inset-x-0 top-0"
                style={{ transform: `translateY(${item.start}px)` }}
              >
                <JsonLine row={row} folds={folds} onTurn={turn} />
              </div>
            )
          );
        })}
      </div>
    </section>
  );
}
