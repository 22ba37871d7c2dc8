import { plural } from "../../../lib/numbers";
import type { Value } from "../data/clip";
import { parsed } from "../data/message";
import { ValueView } from "../json/ValueView";
import { Facts } from "./Facts";
import { type StepBody, sides } from "./stepData";

/** The input and output of a step that is not a model call. */
export function InOutTab({ body }: { readonly body: StepBody }) {
  const [input, output] = sides(body);
  const empty = input === undefined && output === undefined && body.documents === null;
  return (
    <div className="space-y-4">
      {input !== undefined && (
        <Side title={body.arguments === undefined ? "Input" : "Arguments"} value={input} />
      )}
      {Array.isArray(body.documents) && <Documents documents={body.documents} />}
      {output !== undefined && (
        <Side title={body.result === undefined ? "Output" : "Result"} value={output} />
      )}
      {empty && <p className="text-muted text-sm">Neither input nor output of this step was captured.</p>}
      <Facts title="Parameters" values={body.parameters} />
    </div>
  );
}

/** The most documents that are drawn. The rest is in the attributes. */
const SHOWN = 50;

/** What was retrieved: each document's text, how well it fits, and what else is known of it. */
function Documents({ documents }: { readonly documents: readonly Value[] }) {
  return (
    <section aria-label="Documents">
      <h3 className="detail-heading mb-1">{plural(documents.length, "document")}</h3>
      <ol className="space-y-2">
        {documents.slice(0, SHOWN).map((document, at) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: a result's documents never move
          <li key={at} className="rounded-md border border-line p-2">
            <DocumentView document={document} />
          </li>
        ))}
      </ol>
      {documents.length > SHOWN && <p className="text-muted text-xs">and {documents.length - SHOWN} more</p>}
    </section>
  );
}

function DocumentView({ document }: { readonly document: Value }) {
  if (
    document === null ||
    typeof document !== "object" ||
    Array.isArray(document) ||
    document instanceof Blob
  )
    return <ValueView value={parsed(document)} label="document" />;
  const { content, page_content, text, score, ...rest } = document;
  const said = content ?? page_content ?? text;
  return (
    <div className="space-y-1">
      {typeof score === "number" && (
        <p className="text-muted text-xs tabular-nums">score {Number(score.toPrecision(4))}</p>
      )}
      {said !== undefined && <ValueView value={parsed(said)} label="document" />}
      {Object.keys(rest).length > 0 && <ValueView value={rest} label="about the document" />}
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
