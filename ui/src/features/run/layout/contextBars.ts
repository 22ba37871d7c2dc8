import type { CallContext, ContextSegment } from "../../../api/types";

/** The context of one call as a bar: the width of each part relative to the fullest call, 0 … 1. */
export interface ContextBar {
  readonly call: CallContext;
  readonly parts: readonly { readonly segment: ContextSegment; readonly width: number }[];
  /** The total of the bar, in the unit of all bars. */
  readonly size: number;
  /** What happened to the history since the previous call. */
  readonly change: "compacted" | "rewritten" | "dropped" | null;
}

export interface ContextBars {
  readonly unit: "tokens" | "bytes";
  readonly bars: readonly ContextBar[];
}

/** Tokens if every call reports them, otherwise bytes, so that bars can be compared. */
export function contextBars(calls: readonly CallContext[]): ContextBars {
  const unit = calls.every((call) => call.input_tokens != null) ? "tokens" : "bytes";
  const sizeOf = (segment: ContextSegment) => (unit === "tokens" ? (segment.tokens ?? 0) : segment.bytes);
  const sizes = calls.map((call) => call.segments.reduce((sum, segment) => sum + sizeOf(segment), 0));
  const most = sizes.reduce((most, size) => Math.max(most, size), 1);
  return {
    unit,
    bars: calls.map((call, at) => ({
      call,
      size: sizes[at] ?? 0,
      parts: call.segments
        .filter((segment) => sizeOf(segment) > 0)
        .map((segment) => ({ segment, width: sizeOf(segment) / most })),
      change: changeOf(call),
    })),
  };
}

function changeOf(call: CallContext): ContextBar["change"] {
  if (call.compacted) return "compacted";
  if (call.rewritten_count > 0) return "rewritten";
  return call.dropped_count > 0 ? "dropped" : null;
}
