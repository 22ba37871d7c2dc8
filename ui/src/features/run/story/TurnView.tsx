import { useQuery } from "@tanstack/react-query";
import { ErrorPanel } from "../../../components/ErrorPanel";
import { Skeleton } from "../../../components/Skeleton";
import type { Run, Turn } from "../data/api";
import { turnQuery } from "../data/queries";
import type { Told } from "./children";
import { type TurnAnswer, TurnBlocks } from "./TurnBlocks";
import { TurnHead } from "./TurnHead";

interface TurnViewProps {
  readonly runId: string;
  readonly turn: Turn;
  readonly last: boolean;
  readonly told: readonly Told<Run>[];
  /** Headings inside a sub-agent are one level deeper. */
  readonly level?: 2 | 3;
}

/** One turn. Its heading is shown at once, its body when it has loaded. */
export function TurnView({ runId, turn, last, told, level = 2 }: TurnViewProps) {
  const body = useQuery(turnQuery(runId, turn.n));
  return (
    <section aria-labelledby={`turn-${runId}-${turn.n}`} className="pb-8">
      <TurnHead runId={runId} turn={turn} level={level} />
      <div className="mt-3 space-y-3">
        {body.isPending && <TurnSkeleton tools={turn.tool_names.length} />}
        {body.isError && (
          <ErrorPanel what={`Turn ${turn.n}`} error={body.error} retry={() => body.refetch()} />
        )}
        {body.isSuccess && (
          <TurnBlocks
            runId={runId}
            turn={turn}
            body={body.data as unknown as TurnAnswer}
            last={last}
            told={told}
          />
        )}
      </div>
    </section>
  );
}

/** A placeholder for a turn that is loading, shaped so that little moves when it arrives. */
function TurnSkeleton({ tools }: { readonly tools: number }) {
  return (
    <div aria-hidden className="space-y-3">
      <Skeleton className="h-4 w-4/5" />
      <Skeleton className="h-4 w-3/5" />
      {Array.from({ length: Math.min(tools, 4) }, (_, at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: placeholders have no identity
        <div key={at} className="skeleton h-16" />
      ))}
    </div>
  );
}
