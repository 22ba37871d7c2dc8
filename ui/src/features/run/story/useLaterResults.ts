import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import type { Value } from "../data/clip";
import { turnQuery } from "../data/queries";
import { resultsIn, type TurnBody, tellTurn } from "./turn";

/**
 * Results of calls whose own span holds none, as the next turn was sent them. That turn is asked for only where a
 * result is missing; it is most often the next thing that is read anyway.
 */
export function useLaterResults(
  runId: string,
  n: number,
  body: TurnBody,
): ReadonlyMap<string, Value> | undefined {
  const isMissing = useMemo(
    () => tellTurn(body).some((block) => block.type === "tool" && block.call.result === undefined),
    [body],
  );
  const next = useQuery({ ...turnQuery(runId, n + 1), enabled: isMissing, retry: false });
  return useMemo(
    () => (isMissing && next.data ? resultsIn(next.data as unknown as TurnBody) : undefined),
    [isMissing, next.data],
  );
}
