import { useEffect, useState } from "react";
import type { Run } from "../../api/types";

const TICK_MS = 1000;

/** Milliseconds from the start of a run to now, or to its end once it has ended. */
export function useNow(run: Run): number {
  const isOpen = run.status === "running";
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    if (!isOpen) return;
    const timer = setInterval(() => setNow(Date.now()), TICK_MS);
    return () => clearInterval(timer);
  }, [isOpen]);
  return isOpen ? Math.max(run.duration_ms, now - run.started_at) : run.duration_ms;
}
