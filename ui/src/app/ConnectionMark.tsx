import { Radio, WifiOff } from "lucide-react";
import { useLive, useLiveState } from "../api/useLive";

/** Says whether the page follows the server, and when it lost it. */
export function ConnectionMark() {
  useLive(() => undefined); // the shell holds the stream open, so that pages come and go on one connection
  const state = useLiveState();
  if (state === "lost") {
    return (
      <span role="status" className="inline-flex items-center gap-1.5 text-warn">
        <WifiOff size={14} aria-hidden />{" "}
        <span className="max-sm:sr-only">Server not reached, trying again</span>
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
