import { Scissors } from "lucide-react";
import type { ContextSegment } from "../../../api/types";
import { bytes, count, plural } from "../../../lib/numbers";
import type { ContextBar } from "../layout/contextBars";
import { segmentLook } from "./looks";

interface ContextRowProps {
  readonly bar: ContextBar;
  readonly unit: "tokens" | "bytes";
  /** Whether something happened to the history before any of the calls. */
  readonly hasChanges: boolean;
  readonly isSelected: boolean;
  readonly onSelect: () => void;
}

/** One model call: its turn, bar and size, and what happened to the history before it. */
export function ContextRow({ bar, unit, hasChanges, isSelected, onSelect }: ContextRowProps) {
  const format = unit === "tokens" ? count : bytes;
  return (
    <button
      type="button"
      aria-pressed={isSelected}
      className={`flex h-full w-full items-center gap-3 px-4 text-left text-xs hover:bg-hover ${isSelected ? "step-row-selected" : ""}`}
      onClick={onSelect}
    >
      <span className="w-14 shrink-0 text-muted tabular-nums">
        {bar.call.turn == null ? "call" : `Turn ${bar.call.turn}`}
      </span>
      <span className="flex h-4 min-w-0 grow overflow-hidden rounded-[3px]">
        {bar.parts.map(({ segment, width }) => (
          <span
            key={`${segment.what}${segment.new}`}
            className={`${segmentLook(segment.what).className} ${segment.new ? "segment-new" : ""}`}
            style={{ width: `${width * 100}%` }}
            title={partWords(segment, format(unit === "tokens" ? (segment.tokens ?? 0) : segment.bytes))}
          />
        ))}
      </span>
      <span className="w-14 shrink-0 text-right tabular-nums">{format(bar.size)}</span>
      <span
        className={`flex shrink-0 items-center gap-1 whitespace-nowrap text-warn ${hasChanges ? "w-44 max-sm:w-4" : ""}`}
        title={changeWords(bar)}
      >
        {bar.change && (
          <>
            <Scissors aria-hidden className="size-3.5 shrink-0" />
            <span className="truncate max-sm:sr-only">{changeWords(bar)}</span>
          </>
        )}
      </span>
    </button>
  );
}

function partWords({ what, new: isNew, messages }: ContextSegment, size: string): string {
  const within = messages > 0 ? ` in ${plural(messages, "message")}` : "";
  return `${segmentLook(what).title}${isNew ? ", new" : ""}: ${size}${within}`;
}

function changeWords({ change, call }: ContextBar): string | undefined {
  if (change === null) return undefined;
  const where = call.change_at == null ? "" : ` at message ${call.change_at + 1}`;
  if (change === "compacted") return `compacted${where}`;
  if (change === "rewritten") return `${call.rewritten_count} rewritten${where}`;
  return `${call.dropped_count} dropped${where}`;
}
