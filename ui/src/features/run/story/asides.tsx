/** What stands around a turn's messages in one quiet line each: its calls, other steps, what was sent again or already told. */

import { useQuery } from "@tanstack/react-query";
import { CornerDownRight, History, RotateCw } from "lucide-react";
import { type ReactNode, useMemo } from "react";
import type { Turn } from "../../../api/types";
import { ErrorPanel } from "../../../components/ErrorPanel";
import { KindIcon } from "../../../components/KindIcon";
import { Skeleton as Placeholder } from "../../../components/Skeleton";
import { plural } from "../../../lib/numbers";
import { visible } from "../../../lib/text";
import { duration } from "../../../lib/time";
import { type Message, toMessages } from "../data/message";
import { stepDataQuery } from "../data/queries";
import { NONE } from "../data/skeleton";
import { type Shape, useRunModel } from "../model";
import { Disclosure } from "../panels/Disclosure";
import { besideOf } from "./beside";
import { MessageView, toolNames } from "./messages";

/** A step as a chip that opens its details. */
function StepChip({ stepId, children }: { readonly stepId: string; readonly children: ReactNode }) {
  const { selected, select } = useRunModel();
  return (
    <button
      type="button"
      data-step={stepId}
      aria-pressed={stepId === selected}
      className="chip max-w-64 hover:bg-hover aria-pressed:border-accent"
      onClick={() => select(stepId)}
    >
      {children}
    </button>
  );
}

/** The model calls of a turn that has several (a retry, an explicit turn). The story shows the last; each can be opened. */
export function Calls({ stepIds: all }: { readonly stepIds: readonly string[] }) {
  const { shape } = useRunModel();
  const stepIds = useMemo(() => all.filter((id) => !shape || isModelCall(shape, id)), [all, shape]);
  if (stepIds.length < 2) return null;
  return (
    <p className="flex flex-wrap items-center gap-1.5 text-muted text-xs">
      <RotateCw aria-hidden className="size-3.5" /> {stepIds.length} model calls
      {stepIds.map((stepId, at) => (
        <StepChip key={stepId} stepId={stepId}>
          call {at + 1}
        </StepChip>
      ))}
    </p>
  );
}

/** An embedding counts as a model call, but has no answer to show. */
function isModelCall({ skeleton, at }: Shape, stepId: string): boolean {
  const step = at(stepId);
  return step === NONE || skeleton.kinds[skeleton.kind[step] as number] !== "embedding";
}

/** How many steps are named. The tree has them all. */
const SHOWN = 12;

/** A turn's retrievals, embeddings, memory accesses and the like, each with name and time and a link to its details. */
export function Beside({ runId, turn }: { readonly runId: string; readonly turn: number }) {
  const { shape, now } = useRunModel();
  const steps = useMemo(
    () => (shape ? besideOf(shape.skeleton, runId).get(turn) : undefined),
    [shape, runId, turn],
  );
  if (!shape || !steps) return null;
  const { skeleton } = shape;
  return (
    <p className="flex flex-wrap items-center gap-1.5 text-muted text-xs">
      {steps.slice(0, SHOWN).map((step) => {
        const id = skeleton.stepId[step] as string;
        const took = skeleton.duration[step] as number;
        return (
          <StepChip key={id} stepId={id}>
            <KindIcon kind={skeleton.kinds[skeleton.kind[step] as number] ?? "other"} size={12} />
            <span className="truncate">{visible(skeleton.names[skeleton.name[step] as number] ?? "")}</span>
            <span className="shrink-0 tabular-nums">
              {duration(Number.isNaN(took) ? Math.max(0, now - (skeleton.start[step] as number)) : took)}
            </span>
          </StepChip>
        );
      })}
      {steps.length > SHOWN && <span>and {steps.length - SHOWN} more</span>}
    </p>
  );
}

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
              <History aria-hidden className="size-3.5" /> {plural(resent, "earlier message")}
            </>
          }
        >
          {() => <Earlier runId={runId} stepId={call} count={resent} />}
        </Disclosure>
      )}
      {dropped > 0 && (
        <p className="pl-5 text-warn text-xs">
          {plural(dropped, "message")} of the turn before {dropped === 1 ? "was" : "were"} left out
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
  if (data.isPending) return <Placeholder className="h-16" />;
  if (data.isError)
    return <ErrorPanel what="The earlier messages" error={data.error} retry={() => data.refetch()} />;
  const { input } = data.data as { readonly input?: never };
  return <Messages messages={toMessages(input).slice(0, count)} />;
}

/** Messages that the previous turn has already shown. They are only counted here. */
export function Seen({ messages }: { readonly messages: readonly Message[] }) {
  const said = messages.filter((message) => message.role === "assistant").length;
  const results = messages.length - said;
  const what = [said > 0 && "its own answer", results > 0 && plural(results, "tool result")]
    .filter(Boolean)
    .join(" and ");
  return (
    <Disclosure
      summary={
        <>
          <CornerDownRight aria-hidden className="size-3.5" /> Read {what} from the turn before
        </>
      }
    >
      {() => <Messages messages={messages} />}
    </Disclosure>
  );
}

function Messages({ messages }: { readonly messages: readonly Message[] }) {
  const tools = toolNames(messages);
  // biome-ignore lint/suspicious/noArrayIndexKey: a prompt's messages never move, and one may stand in it twice
  return messages.map((message, at) => <MessageView key={at} message={message} tools={tools} />);
}
