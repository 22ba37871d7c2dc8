import { useRef, useState } from "react";
import { duration } from "../../../lib/time";
import { useNarrow } from "../../../lib/useNarrow";
import { ticks } from "../layout/ticks";
import { onScreen, type Window } from "../layout/window";
import { GapBands } from "./GapBands";
import type { Timeline } from "./useTimeline";

/** Pixels, with its border. */
export const AXIS_HEIGHT = 28;
/** How many times the axis labels. */
const WANTED = 6;
const WANTED_NARROW = 2;
/** The rightmost position of a label on the axis. */
const LAST = 0.93;
/** A drag over less than this fraction of the axis is ignored as accidental. */
const SLIP = 0.01;

/** The time axis. Dragging over it zooms to that period. Folded gaps are labelled. */
export function Axis({ timeline }: { readonly timeline: Timeline }) {
  const { scale, window, folded, setWindow } = timeline;
  const isNarrow = useNarrow();
  const area = useRef<HTMLDivElement>(null);
  const [drag, setDrag] = useState<Window | null>(null);
  // A label at the far end would be outside the axis.
  const named = ticks(scale, window, folded, isNarrow ? WANTED_NARROW : WANTED).filter(
    (ms) => onScreen(window, scale.at(ms)) < LAST,
  );
  const placeOf = (event: React.PointerEvent) => {
    const box = area.current?.getBoundingClientRect();
    return box ? Math.min(1, Math.max(0, (event.clientX - box.left) / box.width)) : 0;
  };
  const finish = () => {
    if (drag && Math.abs(drag.to - drag.from) > SLIP) {
      const width = window.to - window.from;
      const [a, b] = [Math.min(drag.from, drag.to), Math.max(drag.from, drag.to)];
      setWindow({ from: window.from + a * width, to: window.from + b * width });
    }
    setDrag(null);
  };
  return (
    <div className="timeline-columns border-line border-b text-muted text-xs" style={{ height: AXIS_HEIGHT }}>
      <span className="self-center truncate px-3">Step</span>
      <div
        ref={area}
        data-time-area
        className="relative cursor-crosshair touch-none select-none overflow-hidden"
        title="Drag to zoom"
        onPointerDown={(event) => {
          event.currentTarget.setPointerCapture(event.pointerId);
          setDrag({ from: placeOf(event), to: placeOf(event) });
        }}
        onPointerMove={(event) => drag && setDrag({ ...drag, to: placeOf(event) })}
        onPointerUp={finish}
        onPointerCancel={() => setDrag(null)}
      >
        <GapBands timeline={timeline} />
        {named.map((ms) => (
          <span
            key={ms}
            className="absolute inset-y-0 flex items-end whitespace-nowrap border-line border-l pb-1 pl-1 tabular-nums"
            style={{ left: `${onScreen(window, scale.at(ms)) * 100}%` }}
          >
            {ms === 0 ? "0" : duration(ms)}
          </span>
        ))}
        {drag && (
          <span
            className="absolute inset-y-0 bg-accent/25"
            style={{
              left: `${Math.min(drag.from, drag.to) * 100}%`,
              width: `${Math.abs(drag.to - drag.from) * 100}%`,
            }}
          />
        )}
      </div>
    </div>
  );
}
