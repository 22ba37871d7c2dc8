import { useEffect, useRef, useState } from "react";
import { kindVariable } from "../../../lib/colours";
import { ink } from "../../../lib/ink";
import { endOf, hasFailed } from "../data/skeleton";
import type { Window } from "../layout/window";
import type { Shape } from "../model";
import type { Timeline } from "./useTimeline";

const HEIGHT = 40;
/** Pixels, with its border. */
export const MINIMAP_HEIGHT = HEIGHT + 1;
/** The height of a step's line, and the most steps that are drawn: of more, every second, third, … */
const LINE = 2;
const DRAWN = 20_000;

interface MinimapProps {
  readonly shape: Shape;
  readonly timeline: Timeline;
  readonly now: number;
}

/** An overview of the whole run, one thin line for each step, with the visible window marked. Dragging moves the window. */
export function Minimap({ shape, timeline, now }: MinimapProps) {
  const { scale, window, setWindow } = timeline;
  const canvas = useRef<HTMLCanvasElement>(null);
  const [width, setWidth] = useState(0);
  useEffect(() => {
    const { current } = canvas;
    if (!current) return;
    const fit = new ResizeObserver(() => setWidth(current.clientWidth));
    fit.observe(current);
    return () => fit.disconnect();
  }, []);
  useEffect(() => {
    const { current } = canvas;
    const context = current?.getContext("2d");
    if (!current || !context || width === 0) return;
    const sharp = globalThis.devicePixelRatio || 1;
    current.width = width * sharp;
    current.height = HEIGHT * sharp;
    context.scale(sharp, sharp);
    const { skeleton, tree } = shape;
    const inks = skeleton.kinds.map((kind) => ink(kindVariable(kind)));
    const failure = ink("--error");
    const every = Math.ceil(skeleton.length / DRAWN);
    for (let at = 0; at < tree.order.length; at += every) {
      const step = tree.order[at] as number;
      const from = scale.at(skeleton.start[step] as number) * width;
      const to = scale.at(endOf(skeleton, step, now)) * width;
      const y = (at / Math.max(1, tree.order.length - 1)) * (HEIGHT - LINE - 2) + 1;
      context.fillStyle = hasFailed(skeleton, step)
        ? failure
        : (inks[skeleton.kind[step] as number] as string);
      context.fillRect(from, y, Math.max(1.5, to - from), LINE);
    }
  }, [shape, scale, now, width]);

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
        <canvas ref={canvas} className="block h-10 w-full" aria-hidden />
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
