import { CircleAlert, ShieldX } from "lucide-react";
import type { Turn } from "../../../api/types";
import { errorTitle } from "../../../lib/errors";
import { usd } from "../../../lib/numbers";
import { visible } from "../../../lib/text";
import { duration } from "../../../lib/time";
import { useRunModel } from "../model";
import { isOpen, STATE_WORDS, turnState } from "../story/turnState";

interface OutlineTurnProps {
  readonly turn: Turn;
  readonly isCurrent: boolean;
  /** Its share of the dearest and of the longest turn, 0 … 1. */
  readonly heat: { readonly cost: number; readonly time: number };
  readonly onSelect: () => void;
}

/** One turn in two lines: its number and figures, then its tools. */
export function OutlineTurn({ turn, isCurrent, heat, onSelect }: OutlineTurnProps) {
  const { run, shape, now } = useRunModel();
  const state = turnState(turn, shape);
  const took = isOpen(state) ? run.started_at + now - turn.started_at : turn.duration_ms;
  const words = [
    turn.tool_names.map(visible).join(", "),
    state === "failed" && turn.error ? errorTitle(turn.error) : STATE_WORDS[state],
  ].filter(Boolean);
  const does = words.join(" · ") || "answer";
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
          {state === "failed" && (
            <span role="img" aria-label="failed" className="text-error">
              <CircleAlert aria-hidden className="size-3.5" />
            </span>
          )}
          {state === "denied" && (
            <span role="img" aria-label="a call was denied" className="text-warn">
              <ShieldX aria-hidden className="size-3.5" />
            </span>
          )}
          {isOpen(state) && <span aria-hidden className="pulse size-1.5 rounded-full bg-accent" />}
        </span>
        <span className="ml-auto text-muted tabular-nums">
          {[turn.cost_usd != null && usd(turn.cost_usd), duration(Math.max(took, turn.duration_ms))]
            .filter(Boolean)
            .join(" · ")}
        </span>
      </span>
      <span className="w-full truncate text-muted text-xs" title={does}>
        {does}
      </span>
      <span
        aria-hidden
        className="mt-0.5 flex w-full flex-col gap-px"
        title="Cost and time beside the other turns"
      >
        <span className="heat-cost h-[2px] rounded-full" style={{ width: `${heat.cost * 100}%` }} />
        <span className="heat-time h-[2px] rounded-full" style={{ width: `${heat.time * 100}%` }} />
      </span>
    </button>
  );
}
