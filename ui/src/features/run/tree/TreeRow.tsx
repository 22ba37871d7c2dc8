import { memo } from "react";
import { count, usd } from "../../../lib/numbers";
import { visible } from "../../../lib/text";
import { duration } from "../../../lib/time";
import type { Step } from "../data/api";
import type { Shape } from "../model";
import { StepName } from "./StepName";
import type { Folds } from "./useFolds";

interface TreeRowProps {
  readonly shape: Shape;
  readonly folds: Folds;
  readonly step: number;
  readonly row: Step | undefined;
}

/** One line of the tree: the step, then tokens, cost and time in columns. */
export const TreeRow = memo(function TreeRow({ shape, folds, step, row }: TreeRowProps) {
  const { skeleton } = shape;
  const took = skeleton.duration[step] as number;
  const tokens =
    row?.usage && row.counted ? (row.usage.input_tokens ?? 0) + (row.usage.output_tokens ?? 0) : null;
  return (
    <div className="flex h-full items-center gap-3 pr-3">
      <StepName shape={shape} folds={folds} step={step} row={row} />
      {row?.error && (
        <span
          className="hidden min-w-0 shrink truncate text-error text-xs md:inline"
          title={visible(row.error.message ?? row.error.type)}
        >
          {visible(row.error.message ?? row.error.type)}
        </span>
      )}
      <span className="ml-auto flex shrink-0 gap-3 text-right text-muted text-xs tabular-nums">
        <span className="w-16">{tokens !== null && `${count(tokens)} tok`}</span>
        <span className="w-16">{row?.cost_usd != null && row.counted && usd(row.cost_usd)}</span>
        <span className="w-16">{Number.isNaN(took) ? "running" : duration(took)}</span>
      </span>
    </div>
  );
});
