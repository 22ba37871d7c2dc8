import type { Group } from "../../api/types";

/** Runs over time: the width of a bar, and the bars as columns. Pure. */

const minute = 60;
const widths = [
  1,
  5,
  15,
  30,
  minute,
  300,
  900,
  1800,
  3600,
  3 * 3600,
  6 * 3600,
  12 * 3600,
  86_400,
  7 * 86_400,
  30 * 86_400,
];

/** The narrowest round width, in seconds, that needs at most `bars` bars. */
export function bucketWidth(from: number, to: number, bars = 72): number {
  const least = Math.max(1, (to - from) / 1000 / bars);
  return widths.find((width) => width >= least) ?? (widths.at(-1) as number);
}

/** One bar for each interval, including empty ones: its start in seconds since the epoch, all runs, failed runs. */
export function barsOf(
  groups: Group[],
  from: number,
  to: number,
  width: number,
): [number[], number[], number[]] {
  const first = Math.floor(from / 1000 / width) * width;
  const count = Math.max(1, Math.floor((to / 1000 - first) / width) + 1);
  const at = Array.from({ length: count }, (_, n) => first + n * width);
  const [all, failed] = [new Array<number>(count).fill(0), new Array<number>(count).fill(0)];
  for (const group of groups) {
    const n = Math.round(((group.bucket_at ?? 0) / 1000 - first) / width);
    if (n < 0 || n >= count) continue;
    all[n] = (all[n] ?? 0) + group.runs;
    failed[n] = (failed[n] ?? 0) + group.failed_runs;
  }
  return [at, all, failed];
}

/** Steps between ticks that a clock has, in seconds. */
const STEPS = [
  1,
  5,
  15,
  30,
  minute,
  300,
  900,
  1800,
  3600,
  3 * 3600,
  6 * 3600,
  12 * 3600,
  86_400,
  2 * 86_400,
  7 * 86_400,
];

/** At most `most` round times between two, in seconds since the epoch. Round in the viewer's zone, so that midnight is one. */
export function ticksOf(from: number, to: number, most: number): { ticks: number[]; step: number } {
  const least = (to - from) / most;
  const step = STEPS.find((step) => step >= least) ?? Math.ceil(least / (30 * 86_400)) * 30 * 86_400;
  const zone = new Date(from * 1000).getTimezoneOffset() * 60;
  const ticks: number[] = [];
  for (let at = Math.ceil((from - zone) / step) * step + zone; at <= to; at += step) ticks.push(at);
  return { ticks, step };
}
