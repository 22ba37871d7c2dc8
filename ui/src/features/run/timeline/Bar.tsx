import type { Look } from "./colouring";
import type { Timeline } from "./useTimeline";

interface BarProps {
  readonly timeline: Timeline;
  readonly look: Look;
  readonly from: number;
  readonly to: number;
  readonly isOpen: boolean;
  readonly isFailed: boolean;
  readonly label: string;
}

/** A bar from `from` to `to` within the visible window, with its duration beside it if there is room. */
export function Bar({ timeline: { scale, window }, look, from, to, isOpen, isFailed, label }: BarProps) {
  const width = window.to - window.from;
  const left = (scale.at(from) - window.from) / width;
  const right = (scale.at(to) - window.from) / width;
  if (right < 0 || left > 1) {
    return (
      <span
        className="absolute inset-y-0 flex items-center text-muted text-xs"
        style={right < 0 ? { left: 2 } : { right: 2 }}
      >
        {right < 0 ? "‹" : "›"}
      </span>
    );
  }
  const shownLeft = Math.max(0, left);
  const shownRight = Math.min(1, right);
  // A longer label needs more room.
  const room = isFailed || isOpen ? 0.34 : 0.14;
  const labelOnLeft = shownRight > 1 - room && shownLeft > room;
  return (
    <>
      <span
        data-bar
        className={`absolute top-[6px] flex h-[14px] min-w-[3px] items-center overflow-hidden rounded-[3px] ${isOpen ? "bar-open" : ""} ${isFailed ? "bar-failed" : ""}`}
        style={{
          // A bar at the far end keeps its minimum width.
          left: `min(${shownLeft * 100}%, 100% - 3px)`,
          width: `${(shownRight - shownLeft) * 100}%`,
          background: look.colour,
        }}
      >
        <span className="px-1 font-semibold text-[10px] text-(--on-bar) leading-none">{look.letter}</span>
      </span>
      <span
        className="pointer-events-none absolute top-0 flex h-full items-center whitespace-nowrap px-1.5 text-[11px] text-muted tabular-nums"
        style={labelOnLeft ? { right: `${(1 - shownLeft) * 100}%` } : { left: `${shownRight * 100}%` }}
      >
        {shownRight > 1 - room && !labelOnLeft ? null : label}
        {isFailed && <span className="pl-1 font-semibold text-error">failed</span>}
      </span>
    </>
  );
}
