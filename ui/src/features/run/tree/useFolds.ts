import { useCallback, useEffect, useMemo, useState } from "react";
import { NONE } from "../data/skeleton";
import { unfoldTo, visibleRows } from "../layout/tree";
import type { Shape } from "../model";
import { type Fold, fold } from "../selection";

export interface Folds {
  readonly rows: Int32Array;
  readonly folded: ReadonlySet<number>;
  readonly toggle: (step: number) => void;
  /** Folds or unfolds a step, and returns the step to select next. */
  readonly change: (step: number, how: Fold) => number;
}

/** Which steps of the tree are folded, and the rows that remain visible. The selected row always is. */
export function useFolds({ skeleton, tree }: Shape, selected: number): Folds {
  const [folded, setFolded] = useState<ReadonlySet<number>>(new Set());
  useEffect(() => {
    if (selected !== NONE) setFolded((folded) => unfoldTo(skeleton.parent, folded, selected));
  }, [skeleton, selected]);
  const rows = useMemo(() => visibleRows(tree, folded), [tree, folded]);
  const change = useCallback(
    (step: number, how: Fold) => {
      const holds = (step: number) => (tree.below[step] ?? 0) > 0;
      const after = fold(folded, step, holds, (step) => skeleton.parent[step] ?? NONE, how);
      setFolded(after.folded);
      return after.select;
    },
    [folded, skeleton, tree],
  );
  const toggle = useCallback(
    (step: number) =>
      setFolded((folded) => {
        const next = new Set(folded);
        if (!next.delete(step)) next.add(step);
        return next;
      }),
    [],
  );
  return useMemo(() => ({ rows, folded, toggle, change }), [rows, folded, toggle, change]);
}
