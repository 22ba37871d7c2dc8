import type { Step } from "../../../api/types";
import { exactCount, usd } from "../../../lib/numbers";
import { CostTable } from "../cost/CostTable";
import type { StepBody } from "./stepData";

interface UsageTabProps {
  readonly row: Step | undefined;
  readonly body: StepBody;
}

/** Tokens by bucket, and how the cost is computed. */
export function UsageTab({ row, body }: UsageTabProps) {
  return (
    <div className="space-y-4">
      {row?.usage && (
        <table className="w-full text-xs tabular-nums">
          <caption className="detail-heading mb-1 text-left">Tokens</caption>
          <tbody className="divide-y divide-line">
            {BUCKETS.map(([field, name]) => (
              <tr key={field}>
                <th scope="row" className="py-1 text-left font-normal text-muted">
                  {name}
                </th>
                <td className="py-1 text-right">
                  {row.usage?.[field] == null ? "unknown" : exactCount(row.usage[field])}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {row?.implausible_count && (
        <p className="text-muted text-xs">
          A count or a cost was negative or too large to be true, so it is shown as unknown.
        </p>
      )}
      {!row?.counted && row?.usage && (
        <p className="text-muted text-xs">
          Another step reports the same call, so these figures are not counted again in the run's.
        </p>
      )}
      {body.cost ? (
        <CostTable cost={body.cost} />
      ) : (
        row?.cost_usd != null && <p className="text-sm">Cost as sent by the client: {usd(row.cost_usd)}</p>
      )}
    </div>
  );
}

const BUCKETS = [
  ["input_tokens", "Input, all"],
  ["cache_read_tokens", "of which read from cache"],
  ["cache_write_tokens", "of which written to cache"],
  ["output_tokens", "Output, all"],
  ["reasoning_tokens", "of which reasoning"],
] as const;
