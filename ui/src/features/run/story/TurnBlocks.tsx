import { useMemo } from "react";
import type { Run, Step, Turn } from "../data/api";
import type { Value } from "../data/clip";
import { ErrorNote } from "../panels/ErrorNote";
import { Prose } from "../text/Prose";
import { Beside } from "./Beside";
import { Calls } from "./Calls";
import { ChildRun } from "./ChildRun";
import type { Told } from "./children";
import { MessageView } from "./MessageView";
import { PartView } from "./PartView";
import { Resent } from "./Resent";
import { Said } from "./Said";
import { Seen } from "./Seen";
import { ToolCall } from "./ToolCall";
import { type Block, type TurnBody, tellTurn } from "./turn";
import { useLaterResults } from "./useLaterResults";

export interface TurnAnswer extends TurnBody<Step> {
  readonly new_messages: Value;
}

interface TurnBlocksProps {
  readonly runId: string;
  readonly turn: Turn;
  readonly body: TurnAnswer;
  readonly last: boolean;
  readonly told: readonly Told<Run>[];
}

/** The events of a turn in order, with each sub-agent at the tool call that started it. */
export function TurnBlocks({ runId, turn, body, last, told }: TurnBlocksProps) {
  const later = useLaterResults(runId, turn.n, body);
  const blocks = useMemo(() => tellTurn(body, later), [body, later]);
  const called = new Set(
    blocks.map((block) => (block.type === "tool" ? block.call.step?.step_id : undefined)),
  );
  const loose = told.filter(({ stepId }) => stepId === null || !called.has(stepId));
  const isFinal = last && !blocks.some((block) => block.type === "tool");
  const call = turn.llm_step_ids.at(-1) ?? null;
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
      {turn.error && <ErrorNote error={turn.error} />}
      {blocks.length === 0 && !turn.error && (
        <p className="text-muted text-sm">No messages of this turn were captured.</p>
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
          <Prose text={block.text} label="reasoning" />
        </Said>
      );
    case "text":
      return (
        <Said how={isFinal ? "final" : "text"} stepId={call}>
          <Prose text={block.text} label={isFinal ? "final answer" : "answer"} />
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
