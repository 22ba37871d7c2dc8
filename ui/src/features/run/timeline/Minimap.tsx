import { useEffect, useMemo, useRef } from "react";
import { ink } from "../../../lib/ink";
import { minimap } from "../layout/minimap";
import type { Window } from "../layout/window";
import type { Shape } from "../model";
import type { Timeline } from "./useTimeline";

const COLUMNS = 600;
const HEIGHT = 32;
/** Pixels, with its border. */
export const MINIMAP_HEIGHT = HEIGHT + 1;

interface MinimapProps {
  readonly shape: Shape;
  readonly timeline: Timeline;
  readonly now: number;
}

/** An overview of the whole run with the visible window marked. Dragging moves the window. */
export function Minimap({ shape, timeline, now }: MinimapProps) {
  const { scale, window, setWindow } = timeline;
  const canvas = useRef<HTMLCanvasElement>(null);
  const map = useMemo(() => minimap(shape.skeleton, shape.tree, scale, COLUMNS, now), [shape, scale, now]);
  useEffect(() => {
    const context = canvas.current?.getContext("2d");
    if (!context) return;
    const [normal, failure] = [ink("--minimap"), ink("--error")];
    context.clearRect(0, 0, COLUMNS, HEIGHT);
    for (let x = 0; x < COLUMNS; x++) {
      const height = Math.max(map.busy[x] ? 2 : 0, (map.busy[x] ?? 0) * (HEIGHT - 6));
      context.fillStyle = map.failed[x] ? failure : normal;
      context.fillRect(x, HEIGHT - height, 1, height);
      if (map.failed[x]) context.fillRect(x - 1, 0, 3, 3);
    }
  }, [map]);

  const moveTo = (event: React.PointerEvent<HTMLElement>) => {
    if (event.buttons !== 1) return;
    const box = event.currentTarget.getBoundingClientRect();
    const width = window.to - window.from;
    const from = Math.min(1 - width, Math.max(0, (event.clientX - box.left) / box.width - width / 2));
    setWindow({ from, to: from + width });
  };
  return (
    <div className="timeline-columns border-line border-b">
      <span className="self-center truncate px-3 text-muted text-xs">Overview</span>
      <div
        className="relative touch-none"
        onPointerDown={moveTo}
        onPointerMove={moveTo}
        data-testid="minimap"
      >
        <canvas ref={canvas} width={COLUMNS} height={HEIGHT} className="block h-8 w-full" aria-hidden />
        <Shade window={window} />
      </div>
    </div>
  );
}

/** Darkens what is outside the window. */
function Shade({ window }: { readonly window: Window }) {
  if (window.from === 0 && window.to === 1) return null;
  return (
    <>
      <span className="absolute inset-y-0 left-0 bg-bg/70" style={{ width: `${window.from * 100}%` }} />
      <span
        className="absolute inset-y-0 border-accent border-x-2"
        style={{ left: `${window.from * 100}%`, width: `${(window.to - window.from) * 100}%` }}
      />
      <span className="absolute inset-y-0 right-0 bg-bg/70" style={{ width: `${(1 - window.to) * 100}%` }} />
    </>
  );
}
