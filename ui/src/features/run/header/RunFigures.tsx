import type { Run } from "../../../api/types";
import { count, usd } from "../../../lib/numbers";
import { clock, duration, exact } from "../../../lib/time";
import { useRunModel } from "../model";

/** The figures that include sub-agents. */
const SUMS = new Set(["Cost", "Tokens in", "Tokens out", "Cached", "Turns", "Tools"]);

/** The run's figures. With sub-agents, the total comes first and the run's own part after it. */
export function RunFigures() {
  const { run, now } = useRunModel();
  const { total } = run;
  const hasChildren = total.run_count > 1;
  const figures: [name: string, value: string, own: string | null][] = [
    ["Duration", duration(run.status === "running" ? now : run.duration_ms), null],
    [
      "Cost",
      cost(total.cost_usd, run.cost_complete),
      hasChildren ? own(cost(run.cost_usd, run.cost_complete)) : null,
    ],
    ["Tokens in", count(total.input_tokens), hasChildren ? own(count(run.input_tokens)) : null],
    ...(total.cache_read_tokens
      ? [["Cached", count(total.cache_read_tokens), null] as [string, string, null]]
      : []),
    ["Tokens out", count(total.output_tokens), hasChildren ? own(count(run.output_tokens)) : null],
    ["Turns", String(total.turn_count), hasChildren ? own(String(run.turn_count)) : null],
    ["Tools", String(total.tool_call_count), hasChildren ? own(String(run.tool_call_count)) : null],
  ];
  return (
    <dl className="mt-1.5 flex flex-wrap gap-x-5 gap-y-1 text-sm tabular-nums max-sm:flex-nowrap max-sm:overflow-x-auto max-sm:whitespace-nowrap">
      {figures.map(([name, value, own]) => (
        <div
          key={name}
          className="flex items-baseline gap-1.5"
          title={own === null ? undefined : `${own} of it without sub-agents`}
        >
          <dt className="text-muted text-xs">{hasChildren && SUMS.has(name) ? `∑ ${name}` : name}</dt>
          <dd>
            {value}
            {own !== null && own !== value && <span className="pl-1 text-muted text-xs">(own {own})</span>}
          </dd>
        </div>
      ))}
      <Verdicts run={run} />
      <div className="flex items-baseline gap-1.5">
        <dt className="text-muted text-xs">Began</dt>
        <dd title={exact(run.started_at)}>
          <time dateTime={new Date(run.started_at).toISOString()}>{clock(run.started_at, Date.now())}</time>
        </dd>
      </div>
    </dl>
  );
}

function Verdicts({
  run: { total },
}: {
  readonly run: Run & { readonly total: Pick<Run, "allow_count" | "deny_count" | "hitl_count"> };
}) {
  const words = [
    total.allow_count > 0 && `${total.allow_count} allowed`,
    total.deny_count > 0 && `${total.deny_count} denied`,
    total.hitl_count > 0 && `${total.hitl_count} asked a person`,
  ].filter(Boolean);
  if (words.length === 0) return null;
  return (
    <div className="flex items-baseline gap-1.5">
      <dt className="text-muted text-xs">Verdicts</dt>
      <dd>{words.join(", ")}</dd>
    </div>
  );
}

/** A run's own part, if there is one that is known. */
const own = (value: string): string | null =>
  value === "unknown" || value === "–" || value === "0" ? null : value;

/** If part of a cost is unknown, the sum is a lower bound. */
const cost = (dollars: number | null | undefined, complete: boolean): string =>
  dollars == null ? "unknown" : `${complete ? "" : "≥ "}${usd(dollars)}`;
