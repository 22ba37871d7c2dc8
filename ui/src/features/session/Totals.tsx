import type { ReactNode } from "react";
import type { Session } from "../../api/types";
import { count, tokensOf, usd } from "../../lib/numbers";
import { clock, duration, exact } from "../../lib/time";

/** What all runs of a session sum up to. Unknown figures are left out, never zero. */
export function Totals({ session, now }: { readonly session: Session; readonly now: number }) {
  const { usage, started_at: from, last_seen_at: to } = session;
  const tokens = usage ? tokensOf(usage) : null;
  return (
    <dl className="mt-1.5 flex flex-wrap gap-x-5 gap-y-1">
      <Figure name="Runs">{count(session.run_count)}</Figure>
      <Figure name="Turns">{count(session.turn_count)}</Figure>
      {session.tool_call_count > 0 && <Figure name="Tools">{count(session.tool_call_count)}</Figure>}
      {tokens !== null && usage && (
        <Figure name="Tokens" title={`${count(usage.input_tokens)} in, ${count(usage.output_tokens)} out`}>
          {count(tokens)}
        </Figure>
      )}
      {session.cost_usd != null && (
        <Figure name="Cost">
          {session.cost_complete ? "" : "≥ "}
          {usd(session.cost_usd)}
        </Figure>
      )}
      <Figure name="At work" title="What its runs took together, without the time between them">
        {duration(session.duration_ms)}
      </Figure>
      {session.error_count > 0 && <Figure name="Errors">{count(session.error_count)}</Figure>}
      <Figure name="From" title={`${exact(from)} to ${exact(to)}`}>
        {clock(from, now)} over {duration(Math.max(0, to - from))}
      </Figure>
    </dl>
  );
}

function Figure({
  name,
  title,
  children,
}: {
  readonly name: string;
  readonly title?: string;
  readonly children: ReactNode;
}) {
  return (
    <div className="flex items-baseline gap-1.5" title={title}>
      <dt className="text-xs text-muted">{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}
