import { useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { listen } from "../../../api/live";

/** The least time between two readings of a run that keeps changing. */
const REST_MS = 700;

/**
 * Reads a run again when the server says that it, or one of its child runs, has changed. Only what is on screen is
 * read again; a run that changes without pause is read at most as often as the readings take.
 */
export function useLiveRun(runId: string, children: readonly string[]): void {
  const cache = useQueryClient();
  const watched = [runId, ...children].join(" ");
  useEffect(() => {
    const ids = new Set(watched.split(" "));
    let timer: ReturnType<typeof setTimeout> | undefined;
    let isReading = false;
    let again = false;
    const read = async () => {
      timer = undefined;
      isReading = true;
      await cache.invalidateQueries({
        predicate: ({ queryKey: [of, id] }) => of === "run" && ids.has(String(id)),
      });
      isReading = false;
      if (again) plan();
    };
    const plan = () => {
      again = isReading;
      if (!isReading) timer ??= setTimeout(() => void read(), REST_MS);
    };
    const stop = listen(
      (event) => {
        if (event.kind === "gap" || ids.has(event.runId)) plan();
      },
      () => {},
    );
    return () => {
      stop();
      clearTimeout(timer);
    };
  }, [cache, watched]);
}
