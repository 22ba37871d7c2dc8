import { lazy, Suspense } from "react";
import type { Text } from "../data/message";
import { Fold } from "./Fold";
import { PagedText } from "./PagedText";
import { SafeText } from "./SafeText";
import { useTextForm } from "./textForm";

/** Without the script, text is shown as it was written. */
const Markdown = lazy(() => import("./Markdown").catch(() => ({ default: AsWritten })));

/** Deep nesting, which no person writes, can make a Markdown parser extremely slow. Such text is shown unparsed. */
const TANGLED = /[>[\](*_`]{200}/;
/** Longer text is shown unparsed, because parsing would take longer than a frame. */
const LONG = 12_000;

/** Who wrote a text. Models write Markdown; people and programs mean what they wrote. */
export type Voice = "model" | "person";

interface ProseProps {
  readonly text: Text;
  readonly label: string;
  readonly voice: Voice;
  /** Text that a reader came for is shown whole. */
  readonly whole?: boolean;
}

/** The text of a message: as it was written, or as Markdown. Folded if long. */
export function Prose({ text, label, voice, whole = false }: ProseProps) {
  const { form } = useTextForm();
  if (text instanceof Blob) return <PagedText blob={text} label={label} />;
  const asWritten = <AsWritten text={text} />;
  const isMarkdown = form === "markdown" || (form === "answers" && voice === "model");
  const shown =
    !isMarkdown || text.length > LONG || TANGLED.test(text) ? (
      asWritten
    ) : (
      <Suspense fallback={asWritten}>
        <Markdown text={text} />
      </Suspense>
    );
  return whole ? shown : <Fold label={label}>{shown}</Fold>;
}

function AsWritten({ text }: { readonly text: string }) {
  return (
    <div className="whitespace-pre-wrap break-words">
      <SafeText>{text}</SafeText>
    </div>
  );
}
