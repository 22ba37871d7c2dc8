import { lastWords, RANGES } from "../../lib/ranges";
import { isInTime, type View } from "./view";

const CHOSEN = "chosen";

/** Sets the time range by keyboard; the histogram does it by pointer. */
export function TimeRange({ view, change }: { view: View; change: (part: Partial<View>) => void }) {
  const { last } = view;
  const value = last ?? (isInTime(view) ? CHOSEN : "");
  const offered = RANGES.includes(last ?? "") || last === null ? RANGES : [last, ...RANGES];
  return (
    <select
      aria-label="Time range"
      value={value}
      onChange={(event) => change({ last: event.target.value || null, after: null, before: null })}
      className="field h-8 max-sm:flex-1"
    >
      <option value="">All time</option>
      {value === CHOSEN && (
        <option value={CHOSEN} disabled>
          Chosen time
        </option>
      )}
      {offered.map((range) => (
        <option key={range} value={range}>
          {lastWords(range)}
        </option>
      ))}
    </select>
  );
}
