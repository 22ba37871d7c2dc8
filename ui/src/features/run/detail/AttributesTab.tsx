import { Facts } from "./Facts";
import type { StepBody } from "./stepData";
import { warningsOf } from "./warnings";

/** All attributes of the span as sent, and the facts that Turnscope found in them. */
export function AttributesTab({ body }: { readonly body: StepBody }) {
  return (
    <div className="space-y-4">
      {warningsOf(body.facts).map((warning) => (
        <p key={warning} className="rounded-md bg-warn/10 px-3 py-1.5 text-xs">
          {warning}
        </p>
      ))}
      <Facts title="Attributes" values={body.attributes} />
      <Facts title="Resource" values={body.resource} />
    </div>
  );
}
