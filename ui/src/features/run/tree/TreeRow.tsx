import { memo } from "react";
import type { Step } from "../../../api/types";
import { errorLine } from "../../../lib/errors";
import { count, usd } from "../../../lib/numbers";
import { duration } from "../../../lib/time";
import type { Shape } from "../model";
import { StepName } from "./StepName";
import type { Folds } from "./useFolds";

interface TreeRowProps {
  readonly shape: Shape;
  readonly folds: Folds;
  readonly step: number;
  readonly row: Step | undefined;
  readonly now: number;
}

/** One line of the tree: the step, then tokens, cost and time in columns. Of a group, with a ∑, what is in it adds up to. */
export const TreeRow = memo(function TreeRow({ shape, folds, step, row, now }: TreeRowProps) {
  const { skeleton, tree, sums } = shape;
  const took = skeleton.duration[step] as number;
  const running = Math.max(0, now - (skeleton.start[step] as number));
  const whole = Math.max(1, now);
  const top = tree.order[0] as number;
  const [tokens, cost] = [sums.tokens[step] as number, sums.cost[step] as number];
  const mark = Number.isNaN(skeleton.tokens[step]) && Number.isNaN(skeleton.cost[step]) ? "∑ " : "";
  return (
    <div className="flex h-full items-center gap-3 pr-3">
      <StepName shape={shape} folds={folds} step={step} row={row} />
      {row?.error && (
        <span
          className={`hidden min-w-0 flex-1 basis-0 truncate text-xs md:inline ${row.verdict?.verdict === "deny" ? "text-warn" : "text-error"}`}
          title={errorLine(row.error)}
        >
          {errorLine(row.error)}
        </span>
      )}
      <span className="ml-auto flex shrink-0 gap-3 text-right text-muted text-xs tabular-nums">
        <span className="w-20 max-sm:hidden">{!Number.isNaN(tokens) && `${mark}${count(tokens)} tok`}</span>
        <Heat part={cost / (sums.cost[top] as number)} className="w-20">
          {!Number.isNaN(cost) && `${mark}${usd(cost)}`}
        </Heat>
        <Heat part={(Number.isNaN(took) ? running : took) / whole} className="w-16">
          {Number.isNaN(took) ? duration(running) : duration(took)}
        </Heat>
      </span>
    </div>
  );
});

interface HeatProps {
  /** The share of the whole run, 0 … 1. */
  readonly part: number;
  readonly className: string;
  readonly children: React.ReactNode;
}

/** A figure over a bar that is as long as its share. */
function Heat({ part, className, children }: HeatProps) {
  const width = Number.isFinite(part) ? Math.min(1, Math.max(0, part)) : 0;
  return (
    <span className={`relative ${className}`}>
      <span aria-hidden className="heat absolute inset-y-0 right-0" style={{ width: `${width * 100}%` }} />
      <span className="relative px-1">{children}</span>
    </span>
  );
}
