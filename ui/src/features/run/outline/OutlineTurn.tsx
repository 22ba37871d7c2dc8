import { CircleAlert } from "lucide-react";
import { usd } from "../../../lib/numbers";
import { visible } from "../../../lib/text";
import { duration } from "../../../lib/time";
import type { Turn } from "../data/api";

interface OutlineTurnProps {
  readonly turn: Turn;
  readonly isCurrent: boolean;
  readonly onSelect: () => void;
}

/** One turn in two lines: its number and figures, then its tools. */
export function OutlineTurn({ turn, isCurrent, onSelect }: OutlineTurnProps) {
  const tools = turn.tool_names.map(visible).join(", ");
  return (
    <button
      type="button"
      aria-current={isCurrent ? "true" : undefined}
      className={`flex h-full w-full flex-col justify-center rounded-md px-2 text-left hover:bg-hover ${isCurrent ? "bg-hover" : ""}`}
      onClick={onSelect}
    >
      <span className="flex w-full items-baseline gap-2 text-xs">
        <span className="flex items-center gap-1 font-medium text-[13px]">
          Turn {turn.n}
          {turn.error && (
            <span role="img" aria-label="failed" className="text-error">
              <CircleAlert aria-hidden className="size-3.5" />
            </span>
          )}
        </span>
        <span className="ml-auto text-muted tabular-nums">
          {[turn.cost_usd != null && usd(turn.cost_usd), duration(turn.duration_ms)]
            .filter(Boolean)
            .join(" · ")}
        </span>
      </span>
      <span className="w-full truncate text-muted text-xs" title={tools}>
        {tools || "answer"}
      </span>
    </button>
  );
}
