import type { Value } from "../data/clip";
import { parsed } from "../data/message";
import { ValueView } from "../json/ValueView";
import { Facts } from "./Facts";
import type { StepBody } from "./stepData";

/** The input and output of a step that is not a model call. */
export function InOutTab({ body }: { readonly body: StepBody }) {
  const input = body.arguments ?? body.inputValue;
  const output = body.result ?? body.outputValue;
  const empty = input === null && output === null && body.documents === null;
  return (
    <div className="space-y-4">
      {input !== null && <Side title={body.arguments === null ? "Input" : "Arguments"} value={input} />}
      {output !== null && <Side title={body.result === null ? "Output" : "Result"} value={output} />}
      {body.documents !== null && <Side title="Documents" value={body.documents} />}
      {empty && <p className="text-muted text-sm">Neither input nor output of this step was captured.</p>}
      <Facts title="Parameters" values={body.parameters} />
    </div>
  );
}

function Side({ title, value }: { readonly title: string; readonly value: Value }) {
  return (
    <section aria-label={title}>
      <h3 className="detail-heading mb-1">{title}</h3>
      <ValueView value={parsed(value)} label={title} />
    </section>
  );
}
