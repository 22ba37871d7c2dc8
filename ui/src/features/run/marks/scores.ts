/** Adds, changes and removes scores and tags, and finds the ones that a person gave. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import type { Score } from "../data/api";
import { send } from "../data/api";
import { runKey } from "../data/queries";

/** The score under which a person marks a run or step as good or bad: `score:mark`, `score.mark>0.5`. */
export const MARK = "mark";

export type Mark = "good" | "bad";

export interface ScoreChange {
  readonly name: string;
  readonly value?: number | null;
  readonly label?: string | null;
  readonly comment?: string | null;
}

/** The newest mark that a person gave to exactly this step, or to the run if `stepId` is null. */
export function markOf(scores: readonly Score[], stepId: string | null): Score | null {
  const marks = scores.filter(
    (score) =>
      score.name === MARK &&
      score.source === "person" &&
      (score.step_id ?? null) === stepId &&
      score.turn == null,
  );
  return marks.sort((a, b) => b.created_at - a.created_at)[0] ?? null;
}

export const markValue = (mark: Mark): ScoreChange => ({
  name: MARK,
  value: mark === "good" ? 1 : 0,
  label: mark,
});

/** Writes to one run, then refetches everything that shows it. */
export function useRunWrites(runId: string, stepId: string | null) {
  const cache = useQueryClient();
  const onSuccess = () => cache.invalidateQueries({ queryKey: runKey(runId), exact: true });
  const path = `/v1/runs/${encodeURIComponent(runId)}`;
  const add = useMutation({
    mutationFn: (score: ScoreChange) =>
      send("POST", `${path}/scores`, {
        ...score,
        source: "person",
        ...(stepId !== null && { step_id: stepId }),
      }),
    onSuccess,
  });
  const change = useMutation({
    mutationFn: ({ id, value, label }: ScoreChange & { readonly id: string }) =>
      send("PUT", `/v1/scores/${id}`, { value, label }),
    onSuccess,
  });
  const remove = useMutation({ mutationFn: (id: string) => send("DELETE", `/v1/scores/${id}`), onSuccess });
  const tag = useMutation({
    mutationFn: (tags: { readonly add_tags?: string[]; readonly remove_tags?: string[] }) =>
      send("PATCH", path, tags),
    onSuccess,
  });
  return { add, change, remove, tag };
}
