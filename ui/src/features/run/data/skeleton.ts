import type { Columns } from "../../../api/types";
/**
 * The skeleton of a run: its steps as columns of numbers, in the order of the timeline (by start).
 *
 * Tree, timeline and outline are computed from it without any text. A hundred thousand steps take a few megabytes in this form; as
 * objects they would take hundreds.
 */

export interface Skeleton {
  readonly runId: string;
  readonly startedAt: number;
  readonly length: number;
  readonly names: readonly string[];
  readonly kinds: readonly string[];
  readonly services: readonly string[];
  /** The runs that the steps belong to: the requested run and its child runs. */
  readonly runs: readonly string[];
  readonly stepId: readonly string[];
  /** The index of the parent; `NONE` for a root. */
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
  /** Of calls that count; `NaN` for other steps, and where unknown. */
  readonly tokens: Float64Array;
  readonly cost: Float64Array;
}

export const NONE = -1;
export const STATUSES = ["running", "ok", "error", "pending", "waiting"] as const;
export const VERDICTS = [null, "allow", "deny", "hitl"] as const;
export const RUNNING = 0;
export const FAILED = 2;
export const PENDING = 3;
export const WAITING = 4;

const orNaN = (value: number | null | undefined): number => value ?? Number.NaN;
const orNone = (value: number | null | undefined): number => value ?? NONE;

/** The dictionaries that a window's columns refer to. */
type Dictionary = "names" | "kinds" | "services" | "runs";

/** The windows of a timeline, in order, as typed arrays. */
export function toSkeleton(windows: readonly [Columns, ...Columns[]]): Skeleton {
  const [first] = windows;
  const names = merged(windows, "names");
  const kinds = merged(windows, "kinds");
  const services = merged(windows, "services");
  const runs = merged(windows, "runs");
  const all = <T>(column: (window: Columns, at: number) => readonly T[]): T[] =>
    windows.length === 1 ? (column(first, 0) as T[]) : windows.flatMap(column);
  const stepId = all(({ step_id }) => step_id);
  return {
    runId: first.run_id,
    startedAt: first.started_at,
    length: stepId.length,
    names: names.values,
    kinds: kinds.values,
    services: services.values,
    runs: runs.values,
    stepId,
    parent: Int32Array.from(
      all(({ parent }) => parent),
      orNone,
    ),
    name: Uint32Array.from(all(({ name }, at) => names.places(name, at) as number[])),
    kind: Uint8Array.from(all(({ kind }, at) => kinds.places(kind, at) as number[])),
    service: Int32Array.from(
      all(({ service }, at) => services.places(service, at)),
      orNone,
    ),
    run: Int32Array.from(
      all(({ run }, at) => runs.places(run, at)),
      orNone,
    ),
    status: Uint8Array.from(all(({ status }) => status)),
    verdict: Uint8Array.from(all(({ verdict }) => verdict)),
    start: Float64Array.from(all(({ start_offset_ms }) => start_offset_ms)),
    duration: Float64Array.from(
      all(({ duration_ms }) => duration_ms),
      (ms) => ms ?? Number.NaN,
    ),
    turn: Int32Array.from(
      all(({ turn }) => turn),
      orNone,
    ),
    outer: Uint8Array.from(
      all(({ outer }) => outer),
      Number,
    ),
    tokens: Float64Array.from(
      all(({ tokens }) => tokens),
      orNaN,
    ),
    cost: Float64Array.from(
      all(({ cost_usd }) => cost_usd),
      orNaN,
    ),
  };
}

/** One dictionary for all windows, and the position of each window's entries in it. */
function merged(windows: readonly [Columns, ...Columns[]], which: Dictionary) {
  const place = new Map<string, number>();
  const moved = windows.map((window) =>
    window[which].map((value) => {
      const known = place.get(value) ?? place.size;
      place.set(value, known);
      return known;
    }),
  );
  const places = (column: readonly (number | null)[], window: number): readonly (number | null)[] =>
    windows.length === 1
      ? column
      : column.map((old) => (old === null ? null : (moved[window]?.[old] ?? null)));
  return { values: windows.length === 1 ? windows[0][which] : [...place.keys()], places };
}

/** The buffers that a worker can transfer instead of copying. */
export function transferable(skeleton: Skeleton): ArrayBuffer[] {
  return Object.values(skeleton)
    .filter((value): value is Uint8Array<ArrayBuffer> => ArrayBuffer.isView(value))
    .map((view) => view.buffer);
}

/** Whether a step failed. A call that was denied did not: it never ran. */
export const hasFailed = ({ status, verdict }: Skeleton, step: number): boolean =>
  status[step] === FAILED && verdict[step] !== VERDICTS.indexOf("deny");

/** When a step ended, or `now` (milliseconds from the start of the run) while it runs. */
export function endOf(skeleton: Skeleton, step: number, now: number): number {
  const start = skeleton.start[step] as number;
  const duration = skeleton.duration[step] as number;
  return Number.isNaN(duration) ? Math.max(start, now) : start + duration;
}

/** The latest time that any step reaches. */
export function lastMoment(skeleton: Skeleton): number {
  let last = 0;
  for (let step = 0; step < skeleton.length; step++) last = Math.max(last, endOf(skeleton, step, 0));
  return last;
}
