import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef } from "react";
import { useLive } from "../../../api/useLive";

/** The minimum time between two fetches of a run that keeps changing. */
const REST_MS = 700;

/**
 * Fetches a run again when the server reports a change to it or one of its child runs. Only what is on screen is fetched again, and
 * a run that changes constantly is fetched no faster than the fetches complete.
 */
export function useLiveRun(runId: string, children: readonly string[]): void {
  const cache = useQueryClient();
  const ids = new Set([runId, ...children]);
  const reading = useRef<Reading>({ timer: undefined, isUnderWay: false, again: false });
  const plan = () => {
    const { current } = reading;
    current.again = current.isUnderWay;
    if (!current.isUnderWay) current.timer ??= setTimeout(() => void read(), REST_MS);
  };
  const read = async () => {
    const { current } = reading;
    current.timer = undefined;
    current.isUnderWay = true;
    await cache.invalidateQueries({
      predicate: ({ queryKey: [of, id] }) => of === "run" && ids.has(String(id)),
    });
    current.isUnderWay = false;
    if (current.again) plan();
  };
  useLive((event) => {
    if (event.kind === "gap" || ids.has(event.runId)) plan();
  });
  useEffect(() => {
    const { current } = reading;
    return () => {
      clearTimeout(current.timer);
      current.timer = undefined;
    };
  }, []);
}

interface Reading {
  timer: ReturnType<typeof setTimeout> | undefined;
  isUnderWay: boolean;
  /** Something changed during the fetch. */
  again: boolean;
}
