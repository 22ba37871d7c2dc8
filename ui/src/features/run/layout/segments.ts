/** The parts that fill a context, in drawing order. */
export const SEGMENTS = ["system", "tools", "user", "assistant", "tool_results", "unseen"] as const;
export type SegmentKind = (typeof SEGMENTS)[number];
