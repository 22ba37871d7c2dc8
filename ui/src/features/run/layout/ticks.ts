import type { Gap } from "./gaps";
import type { Scale } from "./scale";
import type { Window } from "./window";

const STEPS = [1, 2, 5];

/** Round times in milliseconds for the axis: about `wanted` of them in the visible window, none in a folded gap. */
export function ticks(scale: Scale, window: Window, folded: readonly Gap[], wanted: number): number[] {
  const from = scale.msAt(window.from);
  const to = scale.msAt(window.to);
  const hidden = folded.reduce(
    (sum, gap) => sum + Math.max(0, Math.min(gap.to, to) - Math.max(gap.from, from)),
    0,
  );
  const every = roundUp((to - from - hidden) / Math.max(1, wanted));
  const found: number[] = [];
  for (let n = Math.ceil(from / every); n * every <= to && found.length <= wanted * 4; n++) {
    const ms = n * every;
    const inside = folded.find((gap) => ms > gap.from && ms < gap.to);
    if (inside) n = Math.max(n, Math.ceil(inside.to / every) - 1);
    else found.push(ms);
  }
  return found;
}

/** The next number of the form 1, 2 or 5 times a power of ten. Beyond a minute the steps are multiples of 6. */
export function roundUp(ms: number): number {
  if (!(ms > 0)) return 1;
  if (ms > 30_000) {
    const minutes = [1, 2, 5, 10, 15, 30, 60, 120, 240, 480, 720, 1440].map((m) => m * 60_000);
    return minutes.find((m) => m >= ms) ?? Math.ceil(ms / 86_400_000) * 86_400_000;
  }
  const power = 10 ** Math.floor(Math.log10(ms));
  const step = STEPS.find((step) => step * power >= ms * (1 - 1e-9)) ?? 10;
  return step * power;
}
