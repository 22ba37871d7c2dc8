import { useVirtualizer } from "@tanstack/react-virtual";
import { ArrowDown, ArrowUp } from "lucide-react";
import { type ReactNode, useEffect, useRef, useState } from "react";
import { firstRect } from "../../lib/firstRect";
import { oneLine } from "../../lib/text";
import { useNarrow } from "../../lib/useNarrow";
import { type Column, nextOrder } from "./columns";
import type { ListedRun } from "./pageQuery";
import { RowSkeleton, RunRow } from "./RunRow";
import type { Order } from "./view";

type Props = {
  rows: Map<number, ListedRun>;
  count: number;
  total: number | null;
  columns: Column[];
  order: Order;
  now: number;
  /** The row that the keyboard has selected, and the run shown beside the list. */
  at: number;
  peek: string | null;
  /** The runs that are selected for an action. */
  selected: ReadonlyMap<string, string>;
  onSelect: (run: ListedRun) => void;
  onRange: (first: number, last: number) => void;
  onOrder: (order: Order) => void;
  onPick: (row: number) => void;
  above?: ReactNode;
};

/** The list. Only the rows on screen are drawn. */
export function RunsTable(props: Props) {
  const { rows, count, total, columns, order, now, at, peek, onRange, onOrder, onPick } = props;
  const narrow = useNarrow();
  const box = useRef<HTMLDivElement>(null);
  const list = useRef<HTMLDivElement>(null);
  const [offset, setOffset] = useState(0);
  const height = narrow ? 82 : 46;
  const virtual = useVirtualizer({
    count,
    getScrollElement: () => box.current,
    estimateSize: () => height,
    initialRect: firstRect(),
    overscan: 8,
    scrollMargin: offset,
  });
  const items = virtual.getVirtualItems();
  const minute = now - (now % 60_000); // rows of finished runs need no update every second
  const [first, last] = [items[0]?.index ?? 0, items.at(-1)?.index ?? 0];
  useEffect(() => onRange(first, last), [first, last, onRange]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: all rows are measured again when their height changes
  useEffect(() => virtual.measure(), [height]);
  useEffect(() => {
    if (at >= 0) virtual.scrollToIndex(at, { align: "auto" });
  }, [at, virtual]);
  // Content above the rows pushes them down.
  useEffect(() => {
    const watch = new ResizeObserver(() => setOffset(list.current?.offsetTop ?? 0));
    if (list.current?.parentElement) watch.observe(list.current.parentElement);
    return () => watch.disconnect();
  }, []);

  return (
    <div ref={box} className="min-h-0 flex-1 overflow-auto" data-testid="runs-scroll">
      <div className="relative sm:min-w-fit">
        {props.above}
        <div role="grid" aria-label="Runs" aria-rowcount={total ?? -1} ref={list}>
          {!narrow && <Header columns={columns} order={order} onOrder={onOrder} />}
          <div role="rowgroup" className="relative" style={{ height: virtual.getTotalSize() }}>
            {items.map((item) => {
              const run = rows.get(item.index);
              const selected = run !== undefined && run.run_id === peek;
              return (
                <div
                  key={item.key}
                  role="row"
                  aria-rowindex={item.index + 1}
                  aria-selected={selected}
                  data-at={item.index === at || undefined}
                  onClick={(event) => {
                    if (!(event.target as HTMLElement).closest("a")) onPick(item.index);
                  }}
                  onKeyDown={(event) => {
                    if (event.key === " ") onPick(item.index);
                  }}
                  style={{ height, transform: `translateY(${item.start - offset}px)` }}
                  className="absolute inset-x-0 flex cursor-default items-center gap-3 border-b px-3 hover:bg-hover aria-selected:bg-selected data-at:shadow-[inset_2px_0_var(--accent)]"
                >
                  <div role="gridcell" className="-mr-1 flex w-4 shrink-0 max-sm:hidden">
                    {run && !run.gone && (
                      <input
                        type="checkbox"
                        aria-label={`Select ${oneLine(run.name, 80)}`}
                        title="Select (x)"
                        checked={props.selected.has(run.run_id)}
                        onChange={() => props.onSelect(run)}
                        onClick={(event) => event.stopPropagation()}
                        className="size-4"
                      />
                    )}
                  </div>
                  {run ? (
                    <RunRow run={run} columns={columns} now={run.ended_at ? minute : now} narrow={narrow} />
                  ) : (
                    <RowSkeleton />
                  )}
                </div>
              );
            })}
          </div>
        </div>
      </div>
    </div>
  );
}

function Header({
  columns,
  order,
  onOrder,
}: {
  columns: Column[];
  order: Order;
  onOrder: (order: Order) => void;
}) {
  return (
    <div role="rowgroup" className="sticky top-0 z-10 border-b bg-bg">
      <div role="row" className="flex h-7 items-center gap-3 px-3 text-xs text-muted">
        <div role="columnheader" className="-mr-1 w-4 shrink-0">
          <span className="sr-only">Selected</span>
        </div>
        <div role="columnheader" className="w-44 shrink-0">
          Agent
        </div>
        <div role="columnheader" className="min-w-40 flex-1">
          Asked and answered
        </div>
        {columns.map((column) => (
          <HeaderCell key={column.id} column={column} order={order} onOrder={onOrder} />
        ))}
      </div>
    </div>
  );
}

function HeaderCell({
  column,
  order,
  onOrder,
}: {
  column: Column;
  order: Order;
  onOrder: (order: Order) => void;
}) {
  const { sorts, title, width, right } = column;
  const falling = order === `-${sorts}`;
  const sorted = falling ? "descending" : order === sorts ? "ascending" : undefined;
  return (
    <div
      role="columnheader"
      {...(sorts && { "aria-sort": sorted ?? "none" })}
      style={{ width }}
      className={`shrink-0 ${right ? "text-right" : ""}`}
    >
      {sorts ? (
        <button
          type="button"
          className="inline-flex items-center gap-0.5 hover:text-text"
          onClick={() => onOrder(nextOrder(order, sorts))}
        >
          {sorted && (falling ? <ArrowDown size={11} aria-hidden /> : <ArrowUp size={11} aria-hidden />)}
          {title}
        </button>
      ) : (
        title
      )}
    </div>
  );
}
