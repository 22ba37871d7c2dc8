/** What steps are called on screen. */
import type { Step } from "../../api/types";
import { visible } from "../../lib/text";

type Named = Pick<Step, "tool_name" | "agent_name">;

/**
 * A step by its own name: a tool by the tool's, an agent by the agent's where its span says no more than that. Steps inside an agent
 * carry the agent's name too, but are not called that.
 */
export function stepName(kind: string, name: string, row: Named | undefined): string {
  const agent = row?.agent_name;
  if (kind === "tool" || kind === "mcp") return visible(row?.tool_name || name);
  if (kind === "run" && agent && name.includes(agent)) return visible(agent);
  return visible(name);
}
