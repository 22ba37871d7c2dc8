import { useQueryClient } from "@tanstack/react-query";
import { Radio, WifiOff } from "lucide-react";
import { useLive, useLiveState } from "../api/useLive";

/** Shows whether the live connection works, and since when it does not. */
export function ConnectionMark() {
  const cache = useQueryClient();
  // The shell keeps the stream open, so that all pages share one connection. When the server is back, what failed is asked again.
  useLive((event) => {
    if (event.kind !== "gap") return;
    void cache.refetchQueries({ type: "active", predicate: ({ state }) => state.status === "error" });
  });
  const state = useLiveState();
  if (state === "lost") {
    return (
      <span role="status" className="inline-flex items-center gap-1.5 text-warn">
        <WifiOff size={14} aria-hidden />{" "}
        <span className="max-sm:sr-only">Cannot reach the server, trying again</span>
      </span>
    );
  }
  return (
    <span
      role="status"
      className="inline-flex items-center gap-1.5 text-muted"
      title="New runs appear by themselves"
    >
      <Radio size={14} aria-hidden className={state === "open" ? "text-ok" : ""} />
      <span className="max-sm:sr-only">{state === "open" ? "Live" : "Connecting"}</span>
    </span>
  );
}
