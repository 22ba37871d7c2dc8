import { useMemo, useRef, useState } from "react";
import { type Shape, useRunModel } from "../model";
import { StepRows } from "../tree/StepRows";
import { useFolds } from "../tree/useFolds";
import { AXIS_HEIGHT, Axis } from "./Axis";
import { type ColourBy, colouring } from "./colouring";
import { GapBands } from "./GapBands";
import { Legend } from "./Legend";
import { MINIMAP_HEIGHT, Minimap } from "./Minimap";
import { TimelineRow } from "./TimelineRow";
import { Toolbar } from "./Toolbar";
import { useNamesWidth } from "./useNamesWidth";
import { type Timeline, useTimeline } from "./useTimeline";
import { useTimelineKeys } from "./useTimelineKeys";
import { useWheel } from "./useWheel";

/** All steps over time: what ran when, what the run waited for, and where nothing happened. */
export function TimelineView({ shape }: { readonly shape: Shape }) {
  const { selected, now } = useRunModel();
  const at = shape.at(selected);
  const folds = useFolds(shape, at);
  const timeline = useTimeline(shape, now);
  const [colourBy, setColourBy] = useState<ColourBy>("kind");
  const [showsCritical, setShowsCritical] = useState(true);
  const colours = useMemo(() => colouring(shape.skeleton, colourBy), [shape, colourBy]);
  useTimelineKeys(shape, timeline, at, now);
  const area = useRef<HTMLDivElement>(null);
  useWheel(area, timeline.setWindow);
  const names = useNamesWidth(area);
  return (
    <div ref={area} className="relative flex h-full flex-col" style={names.style} data-testid="timeline">
      {names.handle}
      <Toolbar
        timeline={timeline}
        colourBy={colourBy}
        onColourBy={setColourBy}
        showsCritical={showsCritical}
        onShowsCritical={setShowsCritical}
      />
      <StepRows
        shape={shape}
        folds={folds}
        label="Steps over time"
        head={
          <>
            <Minimap shape={shape} timeline={timeline} now={now} />
            <Axis timeline={timeline} />
          </>
        }
        headHeight={MINIMAP_HEIGHT + AXIS_HEIGHT}
        backdrop={<Folded timeline={timeline} />}
      >
        {(step, row) => (
          <TimelineRow
            shape={shape}
            folds={folds}
            timeline={timeline}
            colours={colours}
            showsCritical={showsCritical}
            step={step}
            row={row}
            now={now}
          />
        )}
      </StepRows>
      <Legend colours={colours} />
    </div>
  );
}

/** The bands of folded time, drawn once behind all rows. */
function Folded({ timeline }: { readonly timeline: Timeline }) {
  return (
    <div className="timeline-columns h-full">
      <span />
      <div className="relative overflow-hidden">
        <GapBands timeline={timeline} />
      </div>
    </div>
  );
}
