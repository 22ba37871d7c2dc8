/** The places at which `j` and `k` stop in a story: each turn's model call, then its tool calls. */

export interface Stops {
  readonly n: number;
  readonly llm_step_ids: readonly string[];
  readonly tool_step_ids: readonly string[];
}

export const stopsOf = (turns: readonly Stops[]): string[] =>
  turns.flatMap((turn) => [...turn.llm_step_ids.slice(-1), ...turn.tool_step_ids]);

/** The index of the turn that shows a step, or -1 if no turn of this run does. */
export const turnIndexOf = (turns: readonly Stops[], stepId: string): number =>
  turns.findIndex((turn) => turn.llm_step_ids.includes(stepId) || turn.tool_step_ids.includes(stepId));
