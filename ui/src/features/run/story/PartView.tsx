import { FileText } from "lucide-react";
import { visible } from "../../../lib/text";
import type { Part } from "../data/message";
import { ValueView } from "../json/ValueView";
import { Prose } from "../text/Prose";
import { SafeText } from "../text/SafeText";

/** A part of a message other than its main text. */
export function PartView({ part }: { readonly part: Part }) {
  switch (part.type) {
    case "text":
      return <Prose text={part.text} label="text" />;
    case "reasoning":
      return (
        <div className="text-muted italic">
          <Prose text={part.text} label="reasoning" />
        </div>
      );
    case "injected":
      return (
        <details className="text-muted text-xs">
          <summary className="cursor-pointer">{visible(part.name)}, put in by the program</summary>
          <div className="mt-1 whitespace-pre-wrap break-words">
            <SafeText>{part.text}</SafeText>
          </div>
        </details>
      );
    case "tool_call":
      return <Labelled label={`Calls ${visible(part.name)}`} value={part.arguments} />;
    case "tool_result":
      return <Labelled label="Result" value={part.result} />;
    case "compaction":
      return (
        <div className="rounded-md border border-line border-dashed p-2">
          <p className="text-muted text-xs">The conversation was compacted here</p>
          {part.text !== null && <Prose text={part.text} label="summary" />}
        </div>
      );
    case "media":
      return (
        <p className="flex min-w-0 items-center gap-1.5 text-muted text-xs">
          <FileText aria-hidden className="size-3.5 shrink-0" />
          {visible(part.what)}
          {part.mime && ` · ${visible(part.mime)}`}
          {part.place && (
            <span className="truncate font-mono" title={visible(part.place)}>
              <SafeText>{part.place}</SafeText>
            </span>
          )}
        </p>
      );
    case "other":
      return <Labelled label="Part of another kind" value={part.value} />;
  }
}

function Labelled({
  label,
  value,
}: {
  readonly label: string;
  readonly value: Parameters<typeof ValueView>[0]["value"];
}) {
  return (
    <div>
      <p className="mb-0.5 text-muted text-xs">{label}</p>
      <ValueView value={value} label={label} />
    </div>
  );
}
