import { lazy, Suspense } from "react";
import type { Text } from "../data/message";
import { Fold } from "./Fold";
import { PagedText } from "./PagedText";
import { useRawText } from "./rawText";
import { SafeText } from "./SafeText";

const Markdown = lazy(() => import("./Markdown"));

/** Deep nesting, which no person writes, can make a Markdown parser extremely slow. Such text is shown unparsed. */
const TANGLED = /[>[\](*_`]{200}/;
/** Longer text is shown unparsed, because parsing would take longer than a frame. */
const LONG = 12_000;

/** The text of a message, as Markdown, or raw if the reader asks for that. Folded if long. */
export function Prose({ text, label }: { readonly text: Text; readonly label: string }) {
  const { raw } = useRawText();
  if (text instanceof Blob) return <PagedText blob={text} label={label} />;
  const asIs = (
    <div className="whitespace-pre-wrap break-words">
      <SafeText>{text}</SafeText>
    </div>
  );
  return (
    <Fold label={label}>
      {raw || text.length > LONG || TANGLED.test(text) ? (
        asIs
      ) : (
        <Suspense fallback={asIs}>
          <Markdown text={text} />
        </Suspense>
      )}
    </Fold>
  );
}
