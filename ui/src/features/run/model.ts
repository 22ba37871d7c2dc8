/** What all views of a run share: the run, its skeleton once loaded, and the selected step. */

import { createContext, useContext } from "react";
import type { RunDetail } from "../../api/types";
import { NONE, type Skeleton } from "./data/skeleton";
import { type Sums, sumsOf } from "./layout/sums";
import { type Tree, toTree } from "./layout/tree";

export interface Shape {
  readonly skeleton: Skeleton;
  readonly tree: Tree;
  /** What each step and all in it add up to. */
  readonly sums: Sums;
  /** The place of a step in the skeleton. `NONE` for none, and for a step that is not in this run. */
  readonly at: (stepId: string | null) => number;
}

export function toShape(skeleton: Skeleton): Shape {
  let places: Map<string, number> | undefined;
  const at = (stepId: string | null) => {
    if (stepId === null) return NONE;
    places ??= new Map(skeleton.stepId.map((id, place) => [id, place]));
    return places.get(stepId) ?? NONE;
  };
  const tree = toTree(skeleton);
  return { skeleton, tree, sums: sumsOf(skeleton, tree), at };
}

export interface RunModel {
  readonly run: RunDetail;
  readonly shape: Shape | null;
  readonly selected: string | null;
  readonly select: (stepId: string | null) => void;
  /** Milliseconds from the start of the run to now, or to its end once it has ended. */
  readonly now: number;
}

export const RunModelContext = createContext<RunModel | null>(null);

export function useRunModel(): RunModel {
  const model = useContext(RunModelContext);
  if (!model) throw new Error("a view of a run stands outside of one");
  return model;
}
