/** The places at which `j` and `k` stop in a story: each turn's model call, then its tool calls. */

export interface Stops {
  readonly n: number;
  readonly llm_step_ids: readonly string[];
  readonly tool_step_ids: readonly string[];
}

export const stopsOf = (turns: readonly Stops[]): string[] =>
  turns.flatMap((turn) => [...turn.llm_step_ids.slice(-1), ...turn.tool_step_ids]);

/** Which turn (as its index) tells of a step; -1 for a step that no turn of this run tells of. */
export const turnIndexOf = (turns: readonly Stops[], stepId: string): number =>
  turns.findIndex((turn) => turn.llm_step_ids.includes(stepId) || turn.tool_step_ids.includes(stepId));
