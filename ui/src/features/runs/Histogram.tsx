import { type PointerEvent, useEffect, useRef, useState } from "react";
import { exactCount } from "../../lib/numbers";
import { dayMonth, timeOfDay } from "../../lib/time";
import { ticksOf } from "./buckets";

type Props = {
  /** The start of each bar in seconds since the epoch, all its runs, and those that failed. */
  bars: [number[], number[], number[]];
  /** Of a bar, in seconds. */
  width: number;
  label: string;
  onBrush: (after: number, before: number) => void;
};

const HEIGHT = 62;
const TOP = 8;
const BASE = 44;
/** Pixels between two ticks at least. */
const APART = 64;
/** Pixels that a label takes. */
const LABEL = 40;
/** Pixels of a drag that is no slip. */
const DRAG = 4;

/** `14:30` within days, `21 Nov` across them. */
function tick(at: number, step: number): string {
  const date = new Date(at * 1000);
  const isDay =
    step >= 86_400 || (date.getHours() === 0 && date.getMinutes() === 0 && date.getSeconds() === 0);
  return isDay ? dayMonth(date) : timeOfDay(date).slice(0, step < 60 ? 8 : 5);
}

/** Runs over time, with failed runs in front. Dragging over a period filters by it. */
export function Histogram({ bars: [starts, all, failed], width, label, onBrush }: Props) {
  const box = useRef<HTMLDivElement>(null);
  const [room, setRoom] = useState(0);
  const [drag, setDrag] = useState<[from: number, to: number] | null>(null);
  useEffect(() => {
    const { current } = box;
    if (!current) return;
    const fit = new ResizeObserver(() => setRoom(current.clientWidth));
    fit.observe(current);
    return () => fit.disconnect();
  }, []);

  const most = Math.max(1, ...all);
  const left = 10 + exactCount(most).length * 7;
  const first = starts[0] ?? 0;
  const span = Math.max(width, starts.length * width);
  const plot = Math.max(1, room - left - 8);
  const x = (at: number) => left + ((at - first) / span) * plot;
  const bar = Math.max(1, Math.min(24, (width / span) * plot * 0.82));
  const height = (n: number) => (n === 0 ? 0 : Math.max(2, (n / most) * (BASE - TOP)));
  const { ticks, step } = ticksOf(first, first + span, Math.max(1, plot / APART));

  /** A label at an edge would be cut. */
  const fits = (at: number) => x(at) > left + LABEL / 2 - 8 && x(at) < room - LABEL / 2;
  const placeOf = (event: PointerEvent) =>
    Math.min(left + plot, Math.max(left, event.clientX - (box.current?.getBoundingClientRect().left ?? 0)));
  const finish = () => {
    if (drag && Math.abs(drag[1] - drag[0]) >= DRAG) {
      const at = (place: number) => first + ((place - left) / plot) * span;
      const [from, to] = [at(Math.min(...drag)), at(Math.max(...drag))];
      onBrush(Math.floor(from / width) * width * 1000, Math.ceil(to / width) * width * 1000);
    }
    setDrag(null);
  };
  return (
    <div
      ref={box}
      role="img"
      aria-label={label}
      className="h-[62px] cursor-crosshair touch-none select-none overflow-hidden"
      onPointerDown={(event) => {
        event.currentTarget.setPointerCapture(event.pointerId);
        setDrag([placeOf(event), placeOf(event)]);
      }}
      onPointerMove={(event) => drag && setDrag([drag[0], placeOf(event)])}
      onPointerUp={finish}
      onPointerCancel={() => setDrag(null)}
    >
      {room > 0 && (
        <svg
          width={room}
          height={HEIGHT}
          aria-hidden
          className="block text-[10.5px]"
          fill="var(--text-muted)"
        >
          <text x={left - 5} y={TOP + 8} textAnchor="end">
            {exactCount(most)}
          </text>
          {starts.map((at, n) => {
            const [runs, bad] = [all[n] ?? 0, failed[n] ?? 0];
            return (
              runs > 0 && (
                <g key={at}>
                  <title>{`${tick(at, width)}: ${exactCount(runs)} runs, ${exactCount(bad)} failed`}</title>
                  <rect
                    x={x(at)}
                    y={BASE - height(runs)}
                    width={bar}
                    height={height(runs)}
                    fill="var(--accent)"
                  />
                  <rect
                    x={x(at)}
                    y={BASE - height(bad)}
                    width={bar}
                    height={height(bad)}
                    fill="var(--error)"
                  />
                </g>
              )
            );
          })}
          {ticks.filter(fits).map((at) => (
            <text key={at} x={x(at)} y={BASE + 13} textAnchor="middle">
              {tick(at, step)}
            </text>
          ))}
          {drag && (
            <rect
              x={Math.min(...drag)}
              y={0}
              width={Math.abs(drag[1] - drag[0])}
              height={BASE}
              fill="var(--accent)"
              opacity={0.2}
            />
          )}
        </svg>
      )}
    </div>
  );
}
