import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import type { Value } from "../data/clip";
import { turnQuery } from "../data/queries";
import { resultsIn, type TurnBody, tellTurn } from "./turn";

/**
 * Results of calls whose own span has none, taken from the messages of the next turn. That turn is fetched only if a result is
 * missing; most readers open it next anyway.
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
