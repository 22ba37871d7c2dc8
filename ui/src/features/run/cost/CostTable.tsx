import type { CallCost } from "../../../api/types";
import { exactCount } from "../../../lib/numbers";
import { visible } from "../../../lib/text";
import { exactUsd } from "../figures";

/** How a call's cost is computed: bucket × price = sum, with the source of the price. */
export function CostTable({ cost }: { readonly cost: CallCost }) {
  return (
    <section aria-label="Cost" className="space-y-2 text-xs">
      <table className="w-full tabular-nums">
        <caption className="detail-heading mb-1 text-left">Cost</caption>
        <thead className="text-muted">
          <tr>
            <th scope="col" className="text-left font-normal">
              Bucket
            </th>
            <th scope="col" className="text-right font-normal">
              Tokens
            </th>
            <th scope="col" className="text-right font-normal">
              $ per million
            </th>
            <th scope="col" className="text-right font-normal">
              Cost
            </th>
          </tr>
        </thead>
        <tbody className="divide-y divide-line">
          {cost.buckets.map((bucket) => (
            <tr key={bucket.bucket}>
              <th scope="row" className="py-1 text-left font-normal">
                {bucket.bucket.replace("_", " ")}
              </th>
              <td className="py-1 text-right">{exactCount(bucket.tokens)}</td>
              <td className="py-1 text-right">{bucket.usd_per_million ?? "unknown"}</td>
              <td className="py-1 text-right">
                {bucket.cost_usd == null ? "unknown" : exactUsd(bucket.cost_usd)}
              </td>
            </tr>
          ))}
        </tbody>
        <tfoot>
          <tr className="border-text border-t font-semibold">
            <th scope="row" colSpan={3} className="py-1 text-left">
              Sum
            </th>
            <td className="py-1 text-right">{cost.cost_usd == null ? "unknown" : exactUsd(cost.cost_usd)}</td>
          </tr>
        </tfoot>
      </table>
      {cost.unknown_because && <p className="text-warn">{visible(cost.unknown_because)}</p>}
      {cost.price && (
        <p className="text-muted">
          Price of {visible(cost.price.model)}
          {cost.price.provider && ` at ${visible(cost.price.provider)}`}, {cost.price.tier} tier, as of{" "}
          {cost.price.effective_from} ({visible(cost.price.source)}).
        </p>
      )}
      {cost.reported_cost_usd != null && (
        <p className={cost.differs ? "font-medium text-warn" : "text-muted"}>
          The client reported {exactUsd(cost.reported_cost_usd)}
          {cost.differs ? ": this differs." : "."}
        </p>
      )}
    </section>
  );
}
