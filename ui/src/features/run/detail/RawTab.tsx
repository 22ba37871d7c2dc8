import type { Value } from "../data/clip";
import { JsonView } from "../json/JsonView";

/** The span as OTLP/JSON, as it was sent. */
export function RawTab({ raw }: { readonly raw: Value }) {
  if (raw === null) {
    return (
      <p className="text-muted text-sm">
        No span was sent for this step. It was found in the messages of the model calls around it.
      </p>
    );
  }
  return <JsonView value={raw} label="The span as OTLP" openDepth={3} />;
}
