/** What all views of a run share: the run, its skeleton once loaded, and the selected step. */
import { createContext, useContext } from "react";
import type { RunDetail } from "./data/api";
import type { Skeleton } from "./data/skeleton";
import type { Tree } from "./layout/tree";

export interface Shape {
  readonly skeleton: Skeleton;
  readonly tree: Tree;
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
