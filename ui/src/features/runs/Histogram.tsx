import { useEffect, useRef } from "react";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { ink } from "../../lib/ink";
import { dayMonth, timeOfDay } from "../../lib/time";

type Props = {
  bars: [number[], number[], number[]];
  width: number;
  label: string;
  onBrush: (after: number, before: number) => void;
};

/** `14:30` within days, `21 Nov` across them. */
function tick(at: number, step: number): string {
  const date = new Date(at * 1000);
  if (step >= 86_400 || (date.getHours() === 0 && date.getMinutes() === 0)) {
    return dayMonth(date);
  }
  return timeOfDay(date).slice(0, 5);
}

/** Runs over time, with failed runs in front. Dragging over a period filters by it. */
export function Histogram({ bars, width, label, onBrush }: Props) {
  const box = useRef<HTMLDivElement>(null);
  const brush = useRef(onBrush);
  brush.current = onBrush;

  useEffect(() => {
    const parent = box.current;
    if (!parent) return;
    const [muted, all, failed] = [ink("--text-muted"), ink("--accent"), ink("--error")];
    const paths = uPlot.paths.bars?.({ size: [0.82, 24, 1], align: 1 });
    if (!paths) return;
    const series = (name: string, fill: string): uPlot.Series => ({
      label: name,
      fill,
      width: 0,
      paths,
      points: { show: false },
    });
    const axis = { stroke: muted, font: "10.5px system-ui, sans-serif", ticks: { show: false } };
    const plot = new uPlot(
      {
        width: parent.clientWidth,
        height: 62,
        padding: [8, 16, 0, 0],
        legend: { show: false },
        cursor: { y: false, points: { show: false }, drag: { x: true, y: false, setScale: false } },
        scales: {
          x: { time: true, range: (_, min, max) => [min, max + width] },
          y: { range: (_, __, max) => [0, Math.max(1, max)] },
        },
        axes: [
          {
            ...axis,
            size: 18,
            gap: 2,
            grid: { show: false },
            values: (_, splits, __, ___, step) => splits.map((at) => tick(at, step)),
          },
          { ...axis, size: 28, gap: 4, splits: (u) => [u.scales["y"]?.max ?? 1], grid: { show: false } },
        ],
        series: [{}, series("runs", all), series("failed", failed)],
        hooks: {
          setSelect: [
            (u) => {
              if (u.select.width < 4) return;
              const [from, to] = [
                u.posToVal(u.select.left, "x"),
                u.posToVal(u.select.left + u.select.width, "x"),
              ];
              u.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
              brush.current(Math.floor(from / width) * width * 1000, Math.ceil(to / width) * width * 1000);
            },
          ],
        },
      },
      bars,
      parent,
    );
    const fit = new ResizeObserver(() => plot.setSize({ width: parent.clientWidth, height: 62 }));
    fit.observe(parent);
    return () => {
      fit.disconnect();
      plot.destroy();
    };
  }, [bars, width]);

  return (
    <div ref={box} role="img" aria-label={label} className="h-[62px] cursor-crosshair overflow-hidden" />
  );
}
