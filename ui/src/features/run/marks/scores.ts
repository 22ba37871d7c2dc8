/** Adds, changes and removes scores and tags of the run on the page, and finds the marks that a person gave. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import {
  addScore,
  changeScore,
  changeTags,
  MARK,
  type NewScore,
  removeScore,
  type ScoreValue,
  type TagChange,
} from "../../../api/runs";
import type { Score } from "../../../api/types";
import { runKey } from "../data/queries";

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

/** Writes to one run, then refetches everything that shows it. */
export function useRunWrites(runId: string, stepId: string | null) {
  const cache = useQueryClient();
  const onSuccess = () => cache.invalidateQueries({ queryKey: runKey(runId), exact: true });
  const where = stepId === null ? {} : { step_id: stepId };
  const add = useMutation({
    mutationFn: (score: NewScore) => addScore(runId, { ...score, ...where }),
    onSuccess,
  });
  const change = useMutation({
    mutationFn: ({ id, value }: { readonly id: string; readonly value: ScoreValue }) =>
      changeScore(id, value),
    onSuccess,
  });
  const remove = useMutation({ mutationFn: removeScore, onSuccess });
  const tag = useMutation({ mutationFn: (tags: TagChange) => changeTags(runId, tags), onSuccess });
  return { add, change, remove, tag };
}
