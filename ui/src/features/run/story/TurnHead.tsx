import { count, usd } from "../../../lib/numbers";
import { duration } from "../../../lib/time";
import type { Turn } from "../data/api";
import { useRunModel } from "../model";

interface TurnHeadProps {
  readonly runId: string;
  readonly turn: Turn;
  readonly level: 2 | 3;
}

/** "Turn 3" and its figures in one quiet line. */
export function TurnHead({ runId, turn, level }: TurnHeadProps) {
  const { run } = useRunModel();
  const Heading = `h${level}` as const;
  const { usage } = turn;
  const offset = turn.started_at - run.started_at;
  return (
    <header className="flex flex-wrap items-baseline gap-x-3 gap-y-0.5 border-line border-b pb-1.5">
      <Heading id={`turn-${runId}-${turn.n}`} className="font-semibold text-[15px] tracking-tight">
        Turn {turn.n}
      </Heading>
      {turn.error && <span className="font-medium text-error text-xs">failed</span>}
      <dl className="ml-auto flex flex-wrap items-baseline gap-x-3 text-muted text-xs tabular-nums">
        {offset > 0 && <Figure name="began" value={`+${duration(offset)}`} />}
        <Figure name="took" value={duration(turn.duration_ms)} />
        {usage?.input_tokens != null && <Figure name="tokens in" value={`${count(usage.input_tokens)} in`} />}
        {usage?.cache_read_tokens ? (
          <Figure name="of which from cache" value={`${count(usage.cache_read_tokens)} cached`} />
        ) : null}
        {usage?.output_tokens != null && (
          <Figure name="tokens out" value={`${count(usage.output_tokens)} out`} />
        )}
        {turn.cost_usd != null && <Figure name="cost" value={usd(turn.cost_usd)} />}
      </dl>
    </header>
  );
}

function Figure({ name, value }: { readonly name: string; readonly value: string }) {
  return (
    <div title={name}>
      <dt className="sr-only">{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}
