import { useState } from "react";
import type { View } from "./view";

const ranges: [string, number][] = [
  ["Last 15 minutes", 15 * 60_000],
  ["Last hour", 3_600_000],
  ["Last 24 hours", 86_400_000],
  ["Last 7 days", 7 * 86_400_000],
  ["Last 30 days", 30 * 86_400_000],
];

/** Sets the time range by keyboard; the histogram does it by pointer. */
export function TimeRange({ view, change }: { view: View; change: (part: Partial<View>) => void }) {
  const [chosen, choose] = useState("");
  const set = view.after !== null || view.before !== null;
  const pick = (name: string) => {
    choose(name);
    const length = ranges.find(([one]) => one === name)?.[1];
    change({ after: length ? Date.now() - length : null, before: null });
  };
  return (
    <select
      aria-label="Time range"
      value={set ? chosen : ""}
      onChange={(event) => pick(event.target.value)}
      className="h-8 rounded-md border bg-bg px-2"
    >
      <option value="">{set && !chosen ? "Chosen time" : "All time"}</option>
      {set && !chosen && <option value="all">All time</option>}
      {ranges.map(([name]) => (
        <option key={name}>{name}</option>
      ))}
    </select>
  );
}
