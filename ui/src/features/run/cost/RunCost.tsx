import { useQuery } from "@tanstack/react-query";
import { ErrorPanel } from "../../../components/ErrorPanel";
import { plural } from "../../../lib/numbers";
import { visible } from "../../../lib/text";
import { costQuery } from "../data/queries";
import { exactUsd } from "../figures";
import { useRunModel } from "../model";
import { Disclosure } from "../panels/Disclosure";
import { CostTable } from "./CostTable";

/** How many calls are explained here. Each call is also explained in its own details. */
const SHOWN = 50;

/** How the run's cost is computed: a table for each model, and one for each call on demand. */
export function RunCost() {
  const { run, select } = useRunModel();
  const cost = useQuery(costQuery(run.run_id));
  if (cost.isError) return <ErrorPanel what="The cost" error={cost.error} retry={() => cost.refetch()} />;
  const reply = cost.data;
  if (!reply) return null;
  const unknown = reply.calls.filter((call) => call.cost_usd == null);
  return (
    <section aria-label="Cost of the run" className="space-y-3">
      <h2 className="detail-heading">
        Cost {reply.cost_usd == null ? "unknown" : exactUsd(reply.cost_usd)}
        {!reply.cost_complete && reply.cost_usd != null && " and more that is unknown"}
      </h2>
      {reply.differs && reply.reported_cost_usd != null && (
        <p className="text-warn text-xs">
          The client reported {exactUsd(reply.reported_cost_usd)}, which differs.
        </p>
      )}
      {unknown.length > 0 && (
        <p className="text-muted text-xs">
          {unknown.length} of {reply.calls.length} calls have no known cost
          {unknown[0]?.unknown_because && `: ${visible(unknown[0].unknown_because)}`}
        </p>
      )}
      {reply.by_model.map((model) => (
        <Disclosure
          key={`${model.provider}/${model.model}`}
          summary={
            <span className="tabular-nums">
              {visible(model.model ?? "unknown model")} · {plural(model.calls, "call")} ·{" "}
              {model.cost_usd == null ? "unknown" : exactUsd(model.cost_usd)}
            </span>
          }
        >
          {() =>
            reply.calls
              .filter((call) => call.model === model.model && call.provider === model.provider)
              .slice(0, SHOWN)
              .map((call) => (
                <div key={call.step_id}>
                  <button
                    type="button"
                    className="text-accent text-xs hover:underline"
                    onClick={() => select(call.step_id)}
                  >
                    {call.turn == null ? "call" : `Turn ${call.turn}`}
                  </button>
                  <CostTable cost={call} />
                </div>
              ))
          }
        </Disclosure>
      ))}
    </section>
  );
}
