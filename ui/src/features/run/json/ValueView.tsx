import type { Value } from "../data/clip";
import { isText } from "../data/message";
import { Fold } from "../text/Fold";
import { PagedText } from "../text/PagedText";
import { SafeText } from "../text/SafeText";
import { JsonView } from "./JsonView";

/** Shows arguments, a result or an attribute: text as text, a structure as JSON, nothing as nothing. */
export function ValueView({ value, label }: { readonly value: Value | undefined; readonly label: string }) {
  if (value === undefined) return <p className="text-muted text-xs">not sent</p>;
  if (value === null) return <p className="text-muted text-xs">none</p>;
  if (value instanceof Blob) return <PagedText blob={value} label={label} />;
  if (!isText(value)) return <JsonView value={value} label={label} />;
  return (
    <Fold label={label}>
      <div className="whitespace-pre-wrap break-words font-mono text-xs leading-5">
        <SafeText>{value as string}</SafeText>
      </div>
    </Fold>
  );
}
