import { memo, useMemo } from "react";
import type { Step } from "../../../api/types";
import { duration } from "../../../lib/time";
import { endOf, hasFailed, RUNNING } from "../data/skeleton";
import { marksOf } from "../layout/stretches";
import type { Shape } from "../model";
import { StepName } from "../tree/StepName";
import type { Folds } from "../tree/useFolds";
import { Bar } from "./Bar";
import type { Colours } from "./colouring";
import type { Timeline } from "./useTimeline";

/** The most marks on a bar before they merge. */
const COLUMNS = 400;

interface TimelineRowProps {
  readonly shape: Shape;
  readonly folds: Folds;
  readonly timeline: Timeline;
  readonly colours: Colours;
  readonly showsCritical: boolean;
  readonly step: number;
  readonly row: Step | undefined;
  readonly now: number;
}

/** One step: its name, and its bar. Rendered once, since scrolling only adds rows. */
export const TimelineRow = memo(function TimelineRow({
  shape,
  folds,
  timeline,
  colours,
  showsCritical,
  step,
  row,
  now,
}: TimelineRowProps) {
  const { skeleton } = shape;
  const from = skeleton.start[step] as number;
  const to = endOf(skeleton, step, now);
  const isOpen = skeleton.status[step] === RUNNING;
  const own = timeline.selfTime[step] ?? 0;
  const share = timeline.critical.share.get(step) ?? 0;
  const title = [
    `${duration(to - from)} from +${duration(from)}`,
    own < to - from && `${duration(own)} of it itself`,
    share > 0 && `${duration(share)} on the critical path`,
  ];
  return (
    <div className="timeline-columns h-full">
      <StepName shape={shape} folds={folds} step={step} row={row} />
      <div className="relative h-full overflow-hidden" title={title.filter(Boolean).join(", ")}>
        <Bar
          timeline={timeline}
          look={colours.of(step)}
          from={from}
          to={to}
          isOpen={isOpen}
          isFailed={hasFailed(skeleton, step)}
          label={isOpen ? `running, ${duration(to - from)}` : duration(to - from)}
        />
        {showsCritical && share > 0 && <CriticalMarks step={step} timeline={timeline} />}
      </div>
    </div>
  );
});

/** The periods in which this step alone determined the duration of the run, as a line under its bar. */
function CriticalMarks({ step, timeline }: { readonly step: number; readonly timeline: Timeline }) {
  const { scale, window, critical } = timeline;
  const marks = useMemo(
    () => marksOf(critical.byStep.get(step) ?? [], scale, window, COLUMNS),
    [critical, step, scale, window],
  );
  return marks.map(({ left, width }) => (
    <span
      key={left}
      className="absolute bottom-[3px] h-[2px] min-w-px bg-text"
      style={{ left: `${left * 100}%`, width: `${width * 100}%` }}
    />
  ));
}
