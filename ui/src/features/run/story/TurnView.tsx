import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import type { Run, Step, Turn } from "../../../api/types";
import { ErrorPanel } from "../../../components/ErrorPanel";
import { Skeleton } from "../../../components/Skeleton";
import { isSameError } from "../../../lib/errors";
import { count, usd } from "../../../lib/numbers";
import { isToldBy, visible } from "../../../lib/text";
import { duration } from "../../../lib/time";
import type { Value } from "../data/clip";
import { textOf, toMessages } from "../data/message";
import { turnQuery } from "../data/queries";
import { sumOf } from "../figures";
import { useRunModel } from "../model";
import { ErrorNote } from "../panels/ErrorNote";
import { Prose } from "../text/Prose";
import { Beside, Calls, Resent, Seen } from "./asides";
import { ChildRun } from "./ChildRun";
import type { Told } from "./children";
import { MessageView, PartView, Said } from "./messages";
import { isRefused, ToolCall } from "./ToolCall";
import { type Block, type TurnBody, tellTurn } from "./turn";
import { isOpen, STATE_WORDS, type TurnState, turnState } from "./turnState";
import { useLaterResults } from "./useLaterResults";

interface TurnViewProps {
  readonly runId: string;
  readonly turn: Turn;
  /** The run's last turn, after which it ended. */
  readonly isLast: boolean;
  /** The beginning of what the run answered, as far as it is known. */
  readonly answer: string | null | undefined;
  readonly told: readonly Told<Run>[];
  /** Headings inside a sub-agent are one level deeper. */
  readonly level?: 2 | 3;
}

/** One turn. Its heading is shown at once, its body when it has loaded. */
export function TurnView({ runId, turn, isLast, answer, told, level = 2 }: TurnViewProps) {
  const { shape } = useRunModel();
  const body = useQuery(turnQuery(runId, turn.n));
  const state = turnState(turn, shape);
  return (
    <section aria-labelledby={`turn-${runId}-${turn.n}`} className="pb-8">
      <TurnHead runId={runId} turn={turn} level={level} state={state} told={told} />
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
            state={state}
            isLast={isLast}
            answer={answer}
            told={told}
          />
        )}
      </div>
    </section>
  );
}

interface TurnHeadProps {
  readonly runId: string;
  readonly turn: Turn;
  readonly level: 2 | 3;
  readonly state: TurnState;
  readonly told: readonly Told<Run>[];
}

/** "Turn 3" and its figures in one quiet line, which stays while the turn is read. */
function TurnHead({ runId, turn, level, state, told }: TurnHeadProps) {
  const { run, now } = useRunModel();
  const Heading = `h${level}` as const;
  const { usage } = turn;
  const offset = turn.started_at - run.started_at;
  const below = sumOf(
    told.map(({ child }) => child),
    run.children,
  );
  const cost = below.cost === null ? null : below.cost + (turn.cost_usd ?? 0);
  const goesOn = isOpen(state);
  const took = goesOn ? Math.max(turn.duration_ms, now - offset) : turn.duration_ms;
  return (
    <header className={`turn-head ${level === 2 ? "sticky top-0 z-5" : ""}`}>
      <Heading id={`turn-${runId}-${turn.n}`} className="font-semibold text-[15px] tracking-tight">
        Turn {turn.n}
      </Heading>
      {STATE_WORDS[state] && <StateMark state={state} />}
      <dl className="ml-auto flex flex-wrap items-baseline gap-x-3 text-muted text-xs tabular-nums">
        {offset > 0 && <Figure name="began" value={`+${duration(offset)}`} />}
        <Figure name={goesOn ? "so far" : "took"} value={duration(took)} />
        {usage?.input_tokens != null && <Figure name="tokens in" value={`${count(usage.input_tokens)} in`} />}
        {usage?.cache_read_tokens ? (
          <Figure name="of which from cache" value={`${count(usage.cache_read_tokens)} cached`} />
        ) : null}
        {usage?.output_tokens != null && (
          <Figure name="tokens out" value={`${count(usage.output_tokens)} out`} />
        )}
        {turn.cost_usd != null && <Figure name="cost of its own calls" value={usd(turn.cost_usd)} />}
        {cost !== null && <Figure name="cost with sub-agents" value={`∑ ${usd(cost)}`} />}
      </dl>
    </header>
  );
}

const TONES: Partial<Record<TurnState, string>> = {
  failed: "text-error",
  answering: "text-accent",
  calling: "text-accent",
};

function StateMark({ state }: { readonly state: TurnState }) {
  return (
    <span className={`flex items-center gap-1.5 font-medium text-xs ${TONES[state] ?? "text-warn"}`}>
      {isOpen(state) && <span aria-hidden className="pulse size-1.5 rounded-full bg-current" />}
      {STATE_WORDS[state]}
    </span>
  );
}

function Figure({ name, value }: { readonly name: string; readonly value: string }) {
  return (
    <div title={name}>
      <dt className="sr-only">{name}</dt>
      <dd>{value}</dd>
    </div>
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
        <Skeleton key={at} className="h-16" />
      ))}
    </div>
  );
}

export interface TurnAnswer extends TurnBody<Step> {
  readonly new_messages: Value;
}

interface TurnBlocksProps {
  readonly runId: string;
  readonly turn: Turn;
  readonly body: TurnAnswer;
  readonly state: TurnState;
  readonly isLast: boolean;
  readonly answer: string | null | undefined;
  readonly told: readonly Told<Run>[];
}

/** The events of a turn in order, with each sub-agent at the tool call that started it. */
function TurnBlocks({ runId, turn, body, state, isLast, answer, told }: TurnBlocksProps) {
  const later = useLaterResults(runId, turn.n, body);
  const blocks = useMemo(() => tellTurn(body, later), [body, later]);
  const called = new Set(
    blocks.map((block) => (block.type === "tool" ? block.call.step?.step_id : undefined)),
  );
  const loose = told.filter(({ stepId }) => stepId === null || !called.has(stepId));
  // What a model said last need not be what the run answered: a guard may have put its own word in the place of it.
  const isAnswer = useMemo(
    () => !answer || isToldBy(answer, textOf(toMessages(body.output).flatMap((message) => message.parts))),
    [answer, body],
  );
  const isFinal = isLast && isAnswer && !blocks.some((block) => block.type === "tool");
  const call = turn.llm_step_ids.at(-1) ?? null;
  const says = blocks.some((block) => block.type !== "message" && block.type !== "seen");
  const finish = toMessages(body.output).find((message) => message.finishReason)?.finishReason;
  // The card of the tool that failed tells its error.
  const isTold = body.tools.some(({ step }) => isRefused(step) || isSameError(step.error, turn.error));
  return (
    <>
      <Calls stepIds={turn.llm_step_ids} />
      <Beside runId={runId} turn={turn.n} />
      <Resent runId={runId} turn={turn} />
      {blocks.map((block, at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a turn's blocks never move
        <BlockView key={at} block={block} call={call} isFinal={isFinal} told={told} />
      ))}
      {loose.map(({ child }) => (
        <ChildRun key={child.run_id} run={child} />
      ))}
      {turn.error && !isTold && <ErrorNote error={turn.error} />}
      {!says && blocks.length > 0 && !turn.error && !isOpen(state) && (
        <p className="text-muted text-sm">
          What the model answered was not sent
          {finish && `: it says only that it stopped with ${visible(finish.replaceAll("_", " "))}`}.
        </p>
      )}
      {state === "answering" && <p className="text-muted text-sm">The model is answering.</p>}
      {blocks.length === 0 && !turn.error && !isOpen(state) && (
        <p className="text-muted text-sm">No messages of this turn were sent.</p>
      )}
    </>
  );
}

interface BlockViewProps {
  readonly block: Block<Step>;
  readonly call: string | null;
  readonly isFinal: boolean;
  readonly told: readonly Told<Run>[];
}

function BlockView({ block, call, isFinal, told }: BlockViewProps) {
  switch (block.type) {
    case "seen":
      return <Seen messages={block.messages} />;
    case "message":
      return <MessageView message={block.message} />;
    case "reasoning":
      return (
        <Said how="reasoning" stepId={call}>
          <Prose text={block.text} label="reasoning" voice="model" />
        </Said>
      );
    case "text":
      return (
        <Said how={isFinal ? "final" : "text"} stepId={call}>
          <Prose
            text={block.text}
            label={isFinal ? "final answer" : "answer"}
            voice="model"
            whole={isFinal}
          />
        </Said>
      );
    case "part":
      return <PartView part={block.part} />;
    case "tool": {
      const below = told.filter(({ stepId }) => stepId !== null && stepId === block.call.step?.step_id);
      return <ToolCall call={block.call} below={below.map(({ child }) => child)} />;
    }
  }
}
