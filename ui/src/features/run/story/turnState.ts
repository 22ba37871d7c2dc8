/** How a turn stands. Pure. */

import type { Turn } from "../../../api/types";
import { PENDING, RUNNING, VERDICTS, WAITING } from "../data/skeleton";
import type { Shape } from "../model";

export type TurnState =
  /** The model answers, or a tool runs. */
  | "answering"
  | "calling"
  /** A person is asked. */
  | "waiting"
  | "failed"
  /** A policy or a person refused a call. That is no failure: the agent is told and goes on. */
  | "denied"
  /** It asked for a tool that has not run. */
  | "pending"
  | "called"
  | "answered";

type Told = Pick<Turn, "llm_step_ids" | "tool_step_ids" | "error">;

export function turnState(turn: Told, shape: Shape | null): TurnState {
  const of = (column: "status" | "verdict", ids: readonly string[]) =>
    ids.map((id) => shape?.skeleton[column][shape.at(id)]);
  const tools = of("status", turn.tool_step_ids);
  if (tools.includes(WAITING)) return "waiting";
  if (tools.includes(RUNNING)) return "calling";
  if (of("status", turn.llm_step_ids).includes(RUNNING)) return "answering";
  if (turn.error) return "failed";
  if (of("verdict", turn.tool_step_ids).includes(VERDICTS.indexOf("deny"))) return "denied";
  if (tools.includes(PENDING)) return "pending";
  return tools.length > 0 ? "called" : "answered";
}

/** Whether something in it goes on. */
export const isOpen = (state: TurnState): boolean =>
  state === "answering" || state === "calling" || state === "waiting";

/** Beside the number of a turn. Nothing where it needs no word. */
export const STATE_WORDS: Readonly<Record<TurnState, string>> = {
  answering: "the model is answering",
  calling: "running",
  waiting: "waiting for a person",
  failed: "failed",
  denied: "a call was denied",
  pending: "a call has not run",
  called: "",
  answered: "",
};
