import { SEGMENTS, type SegmentKind } from "../data/api";

/** How the parts of a context are distinguished: by colour and pattern. */
const LOOKS: Readonly<Record<SegmentKind, { readonly title: string; readonly className: string }>> = {
  system: { title: "System prompt", className: "segment-system" },
  tools: { title: "Tool definitions", className: "segment-tools" },
  history: { title: "History", className: "segment-history" },
  tool_results: { title: "Tool results", className: "segment-results" },
  new: { title: "New", className: "segment-new" },
};

/** A part that this page does not know is drawn like history. */
export function segmentLook(what: string): { readonly title: string; readonly className: string } {
  const known = SEGMENTS.find((one) => one === what);
  return known ? LOOKS[known] : { title: what, className: LOOKS.history.className };
}
