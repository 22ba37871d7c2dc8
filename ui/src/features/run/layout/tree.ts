/**
 * Steps as a flattened tree: all steps in depth-first order, so that a view needs nothing but an array of rows.
 */
import { NONE, type Skeleton } from "../data/skeleton";

export interface Tree {
  /** Steps in depth-first order, siblings by start. */
  readonly order: Int32Array;
  /** The index of each step in `order`. */
  readonly place: Int32Array;
  /** The number of descendants of each step. */
  readonly below: Int32Array;
  readonly depth: Uint16Array;
  /** The children of step `s` are `children[first[s]] … children[first[s + 1] - 1]`, by start. */
  readonly first: Int32Array;
  readonly children: Int32Array;
}

/** The tree of a skeleton. A step whose parent is missing, or is its own descendant, becomes a root. */
export function toTree({ length, parent }: Pick<Skeleton, "length" | "parent">): Tree {
  const first = new Int32Array(length + 1);
  for (let step = 0; step < length; step++) {
    const above = parent[step] as number;
    if (above >= 0 && above < length) first[above + 1]! += 1;
  }
  for (let step = 0; step < length; step++) first[step + 1]! += first[step]!;
  const next = first.slice();
  const children = new Int32Array(first[length]!);
  for (let step = 0; step < length; step++) {
    const above = parent[step] as number;
    if (above >= 0 && above < length) children[next[above]!++] = step;
  }

  const order = new Int32Array(length);
  const place = new Int32Array(length).fill(NONE);
  const depth = new Uint16Array(length);
  let filled = 0;
  const stack: number[] = [];
  const descend = (top: number) => {
    stack.push(top);
    while (stack.length > 0) {
      const step = stack.pop() as number;
      if (place[step] !== NONE) continue;
      place[step] = filled;
      order[filled++] = step;
      for (let at = first[step + 1]! - 1; at >= first[step]!; at--) {
        const child = children[at]!;
        if (place[child] !== NONE) continue;
        depth[child] = Math.min(depth[step]! + 1, 0xffff);
        stack.push(child);
      }
    }
  };
  for (let step = 0; step < length; step++) {
    const above = parent[step] as number;
    if (above < 0 || above >= length) descend(step);
  }
  for (let step = 0; step < length; step++) if (place[step] === NONE) descend(step);

  return { order, place, below: countBelow(order, depth), depth, first, children };
}

/** From the end of the order, a step's subtree is the run of deeper steps right after it. */
function countBelow(order: Int32Array, depth: Uint16Array): Int32Array {
  const below = new Int32Array(order.length);
  const open: number[] = [];
  for (const step of order) {
    while (open.length > 0 && depth[open[open.length - 1]!]! >= depth[step]!) close(open, below);
    open.push(step);
  }
  while (open.length > 0) close(open, below);
  return below;
}

function close(open: number[], below: Int32Array): void {
  const done = open.pop() as number;
  const above = open[open.length - 1];
  if (above !== undefined) below[above]! += below[done]! + 1;
}

/** The rows to show when the steps in `folded` hide their descendants. */
export function visibleRows(tree: Tree, folded: ReadonlySet<number>): Int32Array {
  if (folded.size === 0) return tree.order;
  const rows = new Int32Array(tree.order.length);
  let count = 0;
  for (let at = 0; at < tree.order.length; at++) {
    const step = tree.order[at]!;
    rows[count++] = step;
    if (folded.has(step)) at += tree.below[step]!;
  }
  return rows.subarray(0, count);
}

/** `folded` without the ancestors of `step`, so that it is visible. The same set if nothing hid it. */
export function unfoldTo(parent: Int32Array, folded: ReadonlySet<number>, step: number): ReadonlySet<number> {
  const hiding: number[] = [];
  let above = parent[step] ?? NONE;
  for (let guard = parent.length; above >= 0 && guard > 0; guard--) {
    if (folded.has(above)) hiding.push(above);
    above = parent[above] ?? NONE;
  }
  if (hiding.length === 0) return folded;
  const open = new Set(folded);
  for (const step of hiding) open.delete(step);
  return open;
}
