import { SEGMENTS, type SegmentKind } from "../layout/segments";

/** How the parts of a context are distinguished. What is new is hatched. */
const LOOKS: Readonly<Record<SegmentKind, { readonly title: string; readonly className: string }>> = {
  system: { title: "System prompt", className: "segment-system" },
  tools: { title: "Tool definitions", className: "segment-tools" },
  user: { title: "User", className: "segment-user" },
  assistant: { title: "Assistant", className: "segment-assistant" },
  tool_results: { title: "Tool results", className: "segment-results" },
  unseen: { title: "Not in the telemetry", className: "segment-unseen" },
};

/** A part that this page does not know is drawn like what is not in the telemetry. */
export function segmentLook(what: string): { readonly title: string; readonly className: string } {
  const known = SEGMENTS.find((one) => one === what);
  return known ? LOOKS[known] : { title: what, className: LOOKS.unseen.className };
}
