import { CircleAlert, ShieldAlert, ShieldCheck, ShieldX } from "lucide-react";
import type { ReactNode } from "react";
import { Badge } from "../../components/Badge";
import { FilterLink } from "../../components/FilterLink";
import { count, usd } from "../../lib/numbers";
import { oneLine } from "../../lib/text";
import { clock, duration, exact } from "../../lib/time";
import type { ListedRun } from "./pageQuery";
import type { Order } from "./view";

/** A column that can be hidden. The agent and the question are always shown. */
export type Column = {
  id: string;
  title: string;
  width: number;
  right?: boolean;
  sorts?: "started_at" | "duration" | "cost" | "tokens";
  cell: (run: ListedRun, now: number) => ReactNode;
};

const figure = (
  id: string,
  title: string,
  width: number,
  cell: Column["cell"],
  sorts?: Column["sorts"],
): Column => ({
  id,
  title,
  width,
  right: true,
  cell,
  ...(sorts && { sorts }),
});

const text = (
  id: string,
  title: string,
  width: number,
  value: (run: ListedRun) => string | null | undefined,
  /** The name in the query language of a value that is a filter. */
  field?: string,
): Column => ({
  id,
  title,
  width,
  cell: (run) => {
    const found = value(run);
    if (field && found) return <FilterLink name={field} value={found} tabIndex={-1} />;
    return <span title={oneLine(found)}>{oneLine(found, 80)}</span>;
  },
});

const tokens = (run: ListedRun) => {
  const { input_tokens: input, output_tokens: output } = run.total;
  return input === null && output === null ? null : (input ?? 0) + (output ?? 0);
};

export const columns: Column[] = [
  { id: "marks", title: "Checks and scores", width: 184, cell: (run) => <Marks run={run} /> },
  figure("turns", "Turns", 52, (run) => count(run.total.turn_count)),
  figure("tools", "Tools", 52, (run) => count(run.total.tool_call_count)),
  figure("tokens", "Tokens", 64, (run) => count(tokens(run)), "tokens"),
  figure("cost", "Cost", 92, (run) => usd(run.total.cost_usd), "cost"),
  figure(
    "duration",
    "Duration",
    80,
    (run, now) => duration(run.ended_at ? run.duration_ms : now - run.started_at),
    "duration",
  ),
  text("session", "Session", 112, (run) => run.session_id, "session"),
  text("user", "User", 112, (run) => run.user_id, "user"),
  text("service", "Service", 104, (run) => run.service_name, "service"),
  text("models", "Models", 136, (run) => run.models.join(", ")),
  text("tags", "Tags", 120, (run) => run.tags.join(", ")),
  text("dialect", "Dialect", 104, (run) => run.dialect, "dialect"),
  text("prompt", "Prompt", 112, (run) => run.prompt_id && `${run.prompt_id} ${run.prompt_version ?? ""}`),
  {
    id: "time",
    title: "Started",
    width: 104,
    right: true,
    sorts: "started_at",
    cell: (run, now) => (
      <time dateTime={new Date(run.started_at).toISOString()} title={exact(run.started_at)}>
        {clock(run.started_at, now)}
      </time>
    ),
  },
];

const usual = ["marks", "turns", "tools", "tokens", "cost", "duration", "session", "time"];

/** The columns that fit beside an open peek. */
const besidePeek = ["marks", "cost", "duration", "time"];

/** The columns to show, in their fixed order. */
export function chosen(ids: string[] | null, peeking = false): Column[] {
  const wanted = ids ?? (peeking ? besidePeek : usual);
  return columns.filter(({ id }) => wanted.includes(id));
}

/** The order after a click on a heading: descending first, then ascending. */
export function nextOrder(order: Order, sorts: NonNullable<Column["sorts"]>): Order {
  return order === `-${sorts}` ? sorts : `-${sorts}`;
}

/** A score in at most four digits: the rest is in its title. */
const scoreValue = (value: number | null | undefined): string =>
  value == null ? "" : String(Number(value.toPrecision(4)));

/** Errors, verdicts and scores, each with its own shape. */
export function Marks({ run }: { run: ListedRun }) {
  const { error_count: errors, deny_count: deny, hitl_count: hitl, allow_count: allow } = run.total;
  return (
    <span className="flex items-center gap-1 overflow-hidden">
      {errors > 0 && (
        <Badge colour="var(--error)" title={oneLine(run.error?.message) || `${errors} errors`}>
          <CircleAlert size={11} aria-label="errors" /> {errors}
        </Badge>
      )}
      {deny > 0 && (
        <Badge colour="var(--error)" title={`${deny} denied`}>
          <ShieldX size={11} aria-label="denied" /> {deny}
        </Badge>
      )}
      {hitl > 0 && (
        <Badge colour="var(--warn)" title={`${hitl} needed a person`}>
          <ShieldAlert size={11} aria-label="needed a person" /> {hitl}
        </Badge>
      )}
      {allow > 0 && deny + hitl === 0 && (
        <Badge colour="var(--ok)" title={`${allow} allowed`}>
          <ShieldCheck size={11} aria-label="allowed" /> {allow}
        </Badge>
      )}
      {run.scores.slice(0, 2).map((score) => (
        <Badge
          key={score.score_id}
          title={oneLine(`${score.name}: ${score.label ?? score.value} ${score.comment ?? ""}`)}
        >
          <span className="min-w-0 truncate">{oneLine(score.name, 40)}</span>
          <span className="shrink-0">{score.label ? oneLine(score.label, 12) : scoreValue(score.value)}</span>
        </Badge>
      ))}
      {run.scores.length > 2 && <span className="text-[11px] text-muted">+{run.scores.length - 2}</span>}
    </span>
  );
}
