import { visible } from "../../../lib/text";
import { duration, exact } from "../../../lib/time";
import { JsonView } from "../json/JsonView";
import type { Happening, StepBody } from "./stepData";

interface HappeningsTabProps {
  readonly body: StepBody;
  readonly startedAt: number;
}

/** Events, log records and links of a step, by time. */
export function HappeningsTab({ body, startedAt }: HappeningsTabProps) {
  const happenings = [...body.events, ...body.logs].sort((a, b) => a.at - b.at);
  return (
    <div className="space-y-4">
      <ol className="space-y-3">
        {happenings.map((happening, at) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: events have no identity
          <HappeningView key={at} happening={happening} startedAt={startedAt} />
        ))}
      </ol>
      {body.links.map((link) => (
        <section key={link.traceId + link.spanId}>
          <h3 className="detail-heading">Link</h3>
          <p className="break-all font-mono text-xs">
            {link.traceId} · {link.spanId}
          </p>
          {link.attributes !== null && <JsonView value={link.attributes} label="attributes of the link" />}
        </section>
      ))}
    </div>
  );
}

function HappeningView({
  happening,
  startedAt,
}: {
  readonly happening: Happening;
  readonly startedAt: number;
}) {
  return (
    <li>
      <p className="flex items-baseline gap-2 text-xs">
        <span className="text-muted tabular-nums" title={exact(happening.at)}>
          +{duration(Math.max(0, happening.at - startedAt))}
        </span>
        <span className="min-w-0 break-words font-medium">{visible(happening.name)}</span>
      </p>
      <JsonView value={happening.value} label={`what ${visible(happening.name)} says`} openDepth={3} />
    </li>
  );
}
