import { Button } from "../../../components/Button";
import { duration } from "../../../lib/time";
import { WHOLE, zoom } from "../layout/window";
import { COLOUR_BY, type ColourBy } from "./colouring";
import type { Timeline } from "./useTimeline";

interface ToolbarProps {
  readonly timeline: Timeline;
  readonly colourBy: ColourBy;
  readonly onColourBy: (by: ColourBy) => void;
  readonly showsCritical: boolean;
  readonly onShowsCritical: (shows: boolean) => void;
}

/** The timeline's options, and how much time was folded. */
export function Toolbar({ timeline, colourBy, onColourBy, showsCritical, onShowsCritical }: ToolbarProps) {
  const { gaps, foldsGaps, setFoldsGaps, window, setWindow } = timeline;
  const middle = (window.from + window.to) / 2;
  return (
    <div className="flex shrink-0 flex-wrap items-center gap-x-4 gap-y-1 border-line border-b px-3 py-1.5 text-xs">
      <label className="flex items-center gap-1.5 text-muted">
        Colour by
        <select
          className="field"
          value={colourBy}
          onChange={(event) => onColourBy(event.target.value as ColourBy)}
        >
          {COLOUR_BY.map((by) => (
            <option key={by}>{by}</option>
          ))}
        </select>
      </label>
      <Toggle label="Critical path" checked={showsCritical} onChange={onShowsCritical} />
      {gaps.length > 0 && (
        <Toggle label={`Fold gaps (${gapWords(timeline)})`} checked={foldsGaps} onChange={setFoldsGaps} />
      )}
      <span className="ml-auto flex items-center gap-1">
        <Button look="small" aria-label="Zoom out" onClick={() => setWindow(zoom(window, 1 / 1.6, middle))}>
          −
        </Button>
        <Button look="small" aria-label="Zoom in" onClick={() => setWindow(zoom(window, 1.6, middle))}>
          +
        </Button>
        <Button look="small" disabled={window === WHOLE} onClick={() => setWindow(WHOLE)}>
          Whole run
        </Button>
      </span>
    </div>
  );
}

/** "41 s waiting for a person, 12 s idle". */
function gapWords({ gaps }: Timeline): string {
  const sum = (why: "human" | "idle") =>
    gaps.filter((gap) => gap.why === why).reduce((sum, gap) => sum + gap.to - gap.from, 0);
  const [human, idle] = [sum("human"), sum("idle")];
  return [human > 0 && `${duration(human)} waiting for a person`, idle > 0 && `${duration(idle)} idle`]
    .filter(Boolean)
    .join(", ");
}

interface ToggleProps {
  readonly label: string;
  readonly checked: boolean;
  readonly onChange: (checked: boolean) => void;
}

function Toggle({ label, checked, onChange }: ToggleProps) {
  return (
    <label className="flex items-center gap-1.5">
      <input type="checkbox" checked={checked} onChange={(event) => onChange(event.target.checked)} />
      {label}
    </label>
  );
}
