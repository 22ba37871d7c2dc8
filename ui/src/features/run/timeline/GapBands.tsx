import type { Timeline } from "./useTimeline";

/** Hatched bands where time was folded away. */
export function GapBands({ timeline: { folded, scale, window } }: { readonly timeline: Timeline }) {
  const width = window.to - window.from;
  return folded.map((gap) => {
    const left = (scale.at(gap.from) - window.from) / width;
    const right = (scale.at(gap.to) - window.from) / width;
    if (right < 0 || left > 1) return null;
    return (
      <span
        key={gap.from}
        aria-hidden
        className="gap-band absolute inset-y-0"
        style={{ left: `${left * 100}%`, width: `${(right - left) * 100}%` }}
      />
    );
  });
}
