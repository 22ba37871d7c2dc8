import { type Shape, useRunModel } from "../model";
import { StepRows } from "./StepRows";
import { TreeRow } from "./TreeRow";
import { useFolds } from "./useFolds";

/** All steps of the run as a tree: which step called which. */
export function TreeView({ shape }: { readonly shape: Shape }) {
  const { selected, now } = useRunModel();
  const at = shape.at(selected);
  const folds = useFolds(shape, at);
  return (
    <div className="flex h-full flex-col" data-testid="tree">
      <StepRows shape={shape} folds={folds} label="Steps as a tree">
        {(step, row) => <TreeRow shape={shape} folds={folds} step={step} row={row} now={now} />}
      </StepRows>
    </div>
  );
}
