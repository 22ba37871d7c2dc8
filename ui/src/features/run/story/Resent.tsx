import { useQuery } from "@tanstack/react-query";
import { History } from "lucide-react";
import { ErrorPanel } from "../../../components/ErrorPanel";
import { Skeleton } from "../../../components/Skeleton";
import type { Turn } from "../data/api";
import { type Message, toMessages } from "../data/message";
import { stepDataQuery } from "../data/queries";
import { Disclosure } from "../panels/Disclosure";
import { MessageView } from "./MessageView";

/** "41 earlier messages": messages that were sent again are collapsed and can be opened. Also says what was dropped. */
export function Resent({ runId, turn }: { readonly runId: string; readonly turn: Turn }) {
  const resent = turn.resent_count ?? 0;
  const dropped = turn.dropped_count ?? 0;
  const call = turn.llm_step_ids.at(-1);
  if (resent === 0 && dropped === 0) return null;
  return (
    <div className="flex flex-col gap-1">
      {resent > 0 && call && (
        <Disclosure
          summary={
            <>
              <History aria-hidden className="size-3.5" /> {resent} earlier{" "}
              {resent === 1 ? "message" : "messages"}
            </>
          }
        >
          {() => <Earlier runId={runId} stepId={call} count={resent} />}
        </Disclosure>
      )}
      {dropped > 0 && (
        <p className="pl-5 text-warn text-xs">
          {dropped} {dropped === 1 ? "message" : "messages"} of the turn before{" "}
          {dropped === 1 ? "was" : "were"} left out
          {turn.breaks_at != null && `: the context differs from message ${turn.breaks_at + 1} on`}
        </p>
      )}
    </div>
  );
}

interface EarlierProps {
  readonly runId: string;
  readonly stepId: string;
  readonly count: number;
}

function Earlier({ runId, stepId, count }: EarlierProps) {
  const data = useQuery(stepDataQuery(runId, stepId));
  if (data.isPending) return <Skeleton className="h-16" />;
  if (data.isError)
    return <ErrorPanel what="The earlier messages" error={data.error} retry={() => data.refetch()} />;
  const { input } = data.data as { readonly input?: never };
  return toMessages(input)
    .slice(0, count)
    .map((message: Message, at) => <MessageView key={message.id ?? at} message={message} />);
}
