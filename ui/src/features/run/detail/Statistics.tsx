import { useQuery } from "@tanstack/react-query";
import type { StepGroup } from "../../../api/types";
import { kindTitle } from "../../../components/KindIcon";
import { count, exactCount, usd } from "../../../lib/numbers";
import { visible } from "../../../lib/text";
import { duration } from "../../../lib/time";
import { statisticsQuery } from "../data/queries";
import { useRunModel } from "../model";

/** The run's steps by kind, tool and model: how many, how long, how many failed, what they cost. */
export function Statistics() {
  const { run } = useRunModel();
  const { data } = useQuery(statisticsQuery(run.run_id));
  if (!data || data.kinds.length === 0) return null;
  return (
    <section aria-label="Statistics" className="overflow-x-auto">
      <h2 className="detail-heading mb-1">Statistics{run.children.length > 0 && ", with sub-agents"}</h2>
      <table className="statistics">
        <thead className="text-muted">
          <tr>
            <th scope="col">By</th>
            <th scope="col">Count</th>
            <th scope="col" title="Their durations together. Steps that ran at once count each.">
              Time
            </th>
            <th scope="col" title="The time in which none of the steps in them ran">
              Itself
            </th>
            <th scope="col">Errors</th>
            <th scope="col">Tokens</th>
            <th scope="col">Cost</th>
          </tr>
        </thead>
        <Groups title="Kind" groups={data.kinds} name={kindTitle} />
        <Groups title="Tool" groups={data.tools} name={visible} />
        <Groups title="Model" groups={data.models} name={visible} />
      </table>
    </section>
  );
}

interface GroupsProps {
  readonly title: string;
  readonly groups: readonly StepGroup[];
  readonly name: (name: string) => string;
}

function Groups({ title, groups, name }: GroupsProps) {
  if (groups.length === 0) return null;
  return (
    <tbody>
      <tr>
        <th scope="rowgroup" colSpan={7} className="pt-2 text-muted">
          {title}
        </th>
      </tr>
      {groups.map((group) => (
        <tr key={group.name}>
          <th scope="row" title={name(group.name)}>
            {name(group.name)}
          </th>
          <td>{exactCount(group.count)}</td>
          <td>{duration(group.total_ms)}</td>
          <td>{duration(group.self_ms)}</td>
          <td className={group.errors > 0 ? "text-error" : "text-muted"}>{group.errors || ""}</td>
          <td>{group.tokens == null ? "" : count(group.tokens)}</td>
          <td>{group.cost_usd == null ? "" : usd(group.cost_usd)}</td>
        </tr>
      ))}
    </tbody>
  );
}
