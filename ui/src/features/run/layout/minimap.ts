import { endOf, FAILED, type Skeleton } from "../data/skeleton";
import type { Scale } from "./scale";
import type { Tree } from "./tree";

/** An overview of a run: for each column of pixels how much ran at once, and whether something failed. */
export interface Minimap {
  /** 0 … 1, relative to the busiest column. */
  readonly busy: Float32Array;
  readonly failed: Uint8Array;
}

/** Counts leaf steps only: their ancestors would fill every column equally. */
export function minimap(skeleton: Skeleton, tree: Tree, scale: Scale, columns: number, now: number): Minimap {
  const change = new Int32Array(columns + 1);
  const failed = new Uint8Array(columns);
  const column = (ms: number) => Math.min(columns - 1, Math.max(0, Math.floor(scale.at(ms) * columns)));
  for (let step = 0; step < skeleton.length; step++) {
    const from = column(skeleton.start[step]!);
    const to = column(endOf(skeleton, step, now));
    if (skeleton.status[step] === FAILED) failed[to] = 1;
    if (tree.first[step] !== tree.first[step + 1]) continue;
    change[from]! += 1;
    change[to + 1]! -= 1;
  }
  const busy = new Float32Array(columns);
  let running = 0;
  let most = 1;
  for (let at = 0; at < columns; at++) {
    running += change[at]!;
    busy[at] = running;
    most = Math.max(most, running);
  }
  return { busy: busy.map((count) => count / most), failed };
}
