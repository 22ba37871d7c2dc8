/** One live stream for the whole page, however many components listen. */
import { useEffect, useRef, useSyncExternalStore } from "react";
import { type LiveEvent, type LiveState, listen } from "./live";

const listeners = new Set<(event: LiveEvent) => void>();
const watchers = new Set<() => void>();
let state: LiveState = "connecting";
let close: (() => void) | null = null;

/** Opens the stream with the first listener, closes it with the last. */
function join(listener: (event: LiveEvent) => void): () => void {
  listeners.add(listener);
  close ??= listen(
    (event) => {
      for (const one of listeners) one(event);
    },
    (next) => {
      state = next;
      for (const watcher of watchers) watcher();
    },
  );
  return () => {
    listeners.delete(listener);
    if (listeners.size > 0) return;
    close?.();
    close = null;
  };
}

/** Calls back with each event while the component is mounted. */
export function useLive(onEvent: (event: LiveEvent) => void): void {
  const current = useRef(onEvent);
  current.current = onEvent;
  useEffect(() => join((event) => current.current(event)), []);
}

/** Whether the stream is connected. */
export function useLiveState(): LiveState {
  return useSyncExternalStore(
    (watcher) => {
      watchers.add(watcher);
      return () => watchers.delete(watcher);
    },
    () => state,
  );
}
