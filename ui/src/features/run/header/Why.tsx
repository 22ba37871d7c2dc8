import { useQuery } from "@tanstack/react-query";
import { errorTitle } from "../../../lib/errors";
import { usd } from "../../../lib/numbers";
import { oneLine } from "../../../lib/text";
import { duration } from "../../../lib/time";
import { statisticsQuery } from "../data/queries";
import { useRunModel } from "../model";
import type { RunSearch } from "../search";

export interface WhyProps {
  readonly search: RunSearch;
  readonly onSearch: (search: RunSearch) => void;
}

const PARTS = [
  ["model_ms", "model", "why-model"],
  ["tools_ms", "tools", "why-tools"],
  ["people_ms", "people", "why-people"],
  ["other_ms", "other", "why-other"],
] as const;

/** In one line why the run took and cost what it did: where its time went, its dearest turn, slowest step and first error. */
export function Why({ search, onSearch }: WhyProps) {
  const { run, select } = useRunModel();
  const { data } = useQuery(statisticsQuery(run.run_id));
  if (!data || data.time.total_ms <= 0) return null;
  const { time, dearest_turn: dearest, slowest_step: slowest, first_error: first } = data;
  const parts = PARTS.filter(([field]) => time[field] / time.total_ms > 0.005);
  const goTo = (turn: number) => {
    const { step: _, ...rest } = search;
    onSearch({ ...rest, view: "story", turn });
  };
  return (
    <div className="why" data-testid="why">
      <button
        type="button"
        className="flex min-w-0 items-center gap-2 hover:text-text"
        title="Show it on the timeline"
        onClick={() => onSearch({ ...search, view: "timeline" })}
      >
        <span aria-hidden className="flex h-2.5 w-28 shrink-0 overflow-hidden rounded-[3px]">
          {parts.map(([field, , look]) => (
            <span key={field} className={look} style={{ width: `${(time[field] / time.total_ms) * 100}%` }} />
          ))}
        </span>
        <span className="flex gap-x-2.5">
          {parts.map(([field, name, look]) => (
            <span key={field} className="flex items-center gap-1 whitespace-nowrap">
              <span aria-hidden className={`size-2 rounded-[2px] ${look}`} /> {name} {duration(time[field])}
            </span>
          ))}
        </span>
      </button>
      {dearest && (
        <Fact
          name="Dearest"
          value={`Turn ${dearest.n}, ${usd(dearest.cost_usd)}`}
          onClick={() => goTo(dearest.n)}
        />
      )}
      {slowest && (
        <Fact
          name="Slowest"
          value={`${oneLine(slowest.name, 40)}, ${duration(slowest.self_ms)}`}
          onClick={() => select(slowest.step_id)}
        />
      )}
      {first && (
        <Fact
          name="First error"
          value={`${oneLine(first.name, 40)}: ${errorTitle(first.error)}`}
          isBad
          onClick={() => select(first.step_id)}
        />
      )}
    </div>
  );
}

interface FactProps {
  readonly name: string;
  readonly value: string;
  readonly isBad?: boolean;
  readonly onClick: () => void;
}

function Fact({ name, value, isBad = false, onClick }: FactProps) {
  return (
    <span className="whitespace-nowrap">
      {name}{" "}
      <button
        type="button"
        className={`underline decoration-line underline-offset-2 hover:decoration-current ${isBad ? "text-error" : "text-text hover:text-accent"}`}
        onClick={onClick}
      >
        {value}
      </button>
    </span>
  );
}
