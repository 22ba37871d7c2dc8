import { lazy, Suspense } from "react";
import type { Text } from "../data/message";
import { Fold } from "./Fold";
import { PagedText } from "./PagedText";
import { useRawText } from "./rawText";
import { SafeText } from "./SafeText";

const Markdown = lazy(() => import("./Markdown"));

/** Nesting that no person wrote costs a Markdown parser time out of proportion: such text is shown as it is. */
const TANGLED = /[>[\](*_`]{200}/;
/** Beyond this length text is drawn as it is: parsing would take longer than a frame. */
const LONG = 12_000;

/** What somebody said: as Markdown, or raw where the reader asks for it. Folded when long. */
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
