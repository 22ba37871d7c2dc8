/**
 * The live stream: changes, as they happen.
 *
 * The browser reconnects by itself and sends the last event's id, so that nothing is missed. If that is too long ago, the server
 * sends `gap`, and everything on screen must be fetched again.
 */

import { apiPath } from "./base";
import type { Run } from "./types";

export type LiveEvent =
  /** A run is new or has changed. Without `run` it has been deleted. */
  { kind: "run"; runId: string; run: Run | null } | { kind: "score"; runId: string } | { kind: "gap" };

export type LiveState = "connecting" | "open" | "lost";

/** Listens until the returned function is called. */
export function listen(onEvent: (event: LiveEvent) => void, onState: (state: LiveState) => void): () => void {
  let source = new EventSource(apiPath("/v1/live"));
  let timer: ReturnType<typeof setTimeout> | undefined;
  let wasLost = false;
  onState("connecting");
  const connect = () => {
    source.onopen = () => {
      // A server that was restarted may know nothing of what was missed.
      if (wasLost) onEvent({ kind: "gap" });
      wasLost = false;
      onState("open");
    };
    source.onerror = () => {
      wasLost = true;
      onState("lost");
      // The browser gives up on an answer that is no stream, such as a proxy's while the server starts.
      if (source.readyState !== EventSource.CLOSED) return;
      clearTimeout(timer);
      timer = setTimeout(() => {
        source = new EventSource(apiPath("/v1/live"));
        connect();
      }, AGAIN_MS);
    };
    hear(source, onEvent);
  };
  connect();
  return () => {
    clearTimeout(timer);
    source.close();
  };
}

/** How long to wait before the stream is opened again, in milliseconds. */
const AGAIN_MS = 3000;

function hear(source: EventSource, onEvent: (event: LiveEvent) => void): void {
  source.addEventListener("run", (event) => {
    const data = JSON.parse(event.data) as { run_id: string; run?: Run };
    onEvent({ kind: "run", runId: data.run_id, run: data.run ?? null });
  });
  source.addEventListener("score", (event) => {
    onEvent({ kind: "score", runId: (JSON.parse(event.data) as { run_id: string }).run_id });
  });
  source.addEventListener("gap", () => onEvent({ kind: "gap" }));
}
