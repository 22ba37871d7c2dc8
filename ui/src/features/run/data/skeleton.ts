/**
 * The skeleton of a run: its steps as columns of numbers, in the order of the timeline (by start).
 *
 * Tree, timeline and outline are computed from it without a word of text. A hundred thousand steps take a few
 * megabytes here, where as many objects would take hundreds.
 */

import type { Columns } from "./api";

export interface Skeleton {
  readonly runId: string;
  readonly startedAt: number;
  readonly length: number;
  readonly names: readonly string[];
  readonly kinds: readonly string[];
  readonly services: readonly string[];
  /** The runs whose steps these are: the one that was asked for, and its child runs. */
  readonly runs: readonly string[];
  readonly stepId: readonly string[];
  /** The place of the parent; `NONE` at the top. */
  readonly parent: Int32Array;
  readonly name: Uint32Array;
  readonly kind: Uint8Array;
  readonly service: Int32Array;
  readonly run: Int32Array;
  readonly status: Uint8Array;
  readonly verdict: Uint8Array;
  /** Milliseconds from the start of the run. */
  readonly start: Float64Array;
  /** Milliseconds; `NaN` while the step runs. */
  readonly duration: Float64Array;
  readonly turn: Int32Array;
  readonly outer: Uint8Array;
}

export const NONE = -1;
export const STATUSES = ["running", "ok", "error"] as const;
export const VERDICTS = [null, "allow", "deny", "hitl"] as const;
export const RUNNING = 0;
export const FAILED = 2;

const orNone = (value: number | null | undefined): number => value ?? NONE;

/** Columns of one reply as typed arrays. */
export function toSkeleton(columns: Columns): Skeleton {
  return {
    runId: columns.run_id,
    startedAt: columns.started_at,
    length: columns.step_id.length,
    names: columns.names,
    kinds: columns.kinds,
    services: columns.services,
    runs: columns.runs,
    stepId: columns.step_id,
    parent: Int32Array.from(columns.parent, orNone),
    name: Uint32Array.from(columns.name),
    kind: Uint8Array.from(columns.kind),
    service: Int32Array.from(columns.service, orNone),
    run: Int32Array.from(columns.run, orNone),
    status: Uint8Array.from(columns.status),
    verdict: Uint8Array.from(columns.verdict),
    start: Float64Array.from(columns.start_offset_ms),
    duration: Float64Array.from(columns.duration_ms, (ms) => ms ?? Number.NaN),
    turn: Int32Array.from(columns.turn, orNone),
    outer: Uint8Array.from(columns.outer, Number),
  };
}

/** The memory that a worker may hand over instead of copying it. */
export function transferable(skeleton: Skeleton): ArrayBuffer[] {
  return Object.values(skeleton)
    .filter((value): value is Uint8Array<ArrayBuffer> => ArrayBuffer.isView(value))
    .map((view) => view.buffer);
}

/** When a step ended, or `now` (milliseconds from the start of the run) while it runs. */
export function endOf(skeleton: Skeleton, step: number, now: number): number {
  const start = skeleton.start[step] as number;
  const duration = skeleton.duration[step] as number;
  return Number.isNaN(duration) ? Math.max(start, now) : start + duration;
}

/** The last moment that any step reaches. */
export function lastMoment(skeleton: Skeleton): number {
  let last = 0;
  for (let step = 0; step < skeleton.length; step++) last = Math.max(last, endOf(skeleton, step, 0));
  return last;
}
