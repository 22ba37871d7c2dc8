import type { ContextSegment } from "../data/api";

/** How the parts of a context are told apart: a colour and a pattern. */
export const SEGMENT_LOOKS: Readonly<
  Record<ContextSegment["what"], { readonly title: string; readonly className: string }>
> = {
  system: { title: "System prompt", className: "segment-system" },
  tools: { title: "Tool definitions", className: "segment-tools" },
  history: { title: "History", className: "segment-history" },
  tool_results: { title: "Tool results", className: "segment-results" },
  new: { title: "New", className: "segment-new" },
};
