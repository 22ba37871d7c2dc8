import type { ReactNode } from "react";
import { FilterLink } from "../../components/FilterLink";
import { RunMarks } from "../../components/RunMarks";
import { SessionLink } from "../../components/SessionLink";
import { count, tokensOf, usd } from "../../lib/numbers";
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

export const columns: Column[] = [
  { id: "marks", title: "Checks and scores", width: 184, cell: (run) => <RunMarks run={run} /> },
  figure("turns", "Turns", 52, (run) => count(run.total.turn_count)),
  figure("tools", "Tools", 52, (run) => count(run.total.tool_call_count)),
  figure("tokens", "Tokens", 64, (run) => count(tokensOf(run.total)), "tokens"),
  figure("cost", "Cost", 92, (run) => usd(run.total.cost_usd), "cost"),
  figure(
    "duration",
    "Duration",
    80,
    (run, now) => duration(run.ended_at ? run.duration_ms : now - run.started_at),
    "duration",
  ),
  {
    id: "session",
    title: "Session",
    width: 112,
    cell: (run) => run.session_id && <SessionLink id={run.session_id} tabIndex={-1} />,
  },
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
