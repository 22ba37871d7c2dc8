/**
 * The live stream: changes, as they happen.
 *
 * The browser reconnects by itself and sends the last event's id, so that nothing is missed. If that is too long ago, the server
 * sends `gap`, and everything on screen must be fetched again.
 */
import { apiPath } from "./base";
import type { Schemas } from "./client";

export type LiveEvent =
  /** A run is new or has changed. Without `run` it has been deleted. */
  | { kind: "run"; runId: string; run: Schemas["Run"] | null }
  | { kind: "score"; runId: string }
  | { kind: "gap" };

export type LiveState = "connecting" | "open" | "lost";

/** Listens until the returned function is called. */
export function listen(onEvent: (event: LiveEvent) => void, onState: (state: LiveState) => void): () => void {
  const source = new EventSource(apiPath("/v1/live"));
  onState("connecting");
  source.onopen = () => onState("open");
  source.onerror = () => onState("lost");
  source.addEventListener("run", (event) => {
    const data = JSON.parse(event.data) as { run_id: string; run?: Schemas["Run"] };
    onEvent({ kind: "run", runId: data.run_id, run: data.run ?? null });
  });
  source.addEventListener("score", (event) => {
    onEvent({ kind: "score", runId: (JSON.parse(event.data) as { run_id: string }).run_id });
  });
  source.addEventListener("gap", () => onEvent({ kind: "gap" }));
  return () => source.close();
}
