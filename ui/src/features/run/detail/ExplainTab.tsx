import { useQuery } from "@tanstack/react-query";
import type { FactExplanation, StepExplanation } from "../../../api/types";
import { ErrorPanel } from "../../../components/ErrorPanel";
import { Skeleton } from "../../../components/Skeleton";
import { plural } from "../../../lib/numbers";
import { visible } from "../../../lib/text";
import { explainQuery } from "../data/queries";
import { useRunModel } from "../model";
import { Disclosure } from "../panels/Disclosure";

/** Where each fact of a step comes from, what else was sent for it, and what no rule understood. */
export function ExplainTab({ stepId }: { readonly stepId: string }) {
  const { run } = useRunModel();
  const { data, error, refetch } = useQuery(explainQuery(run.run_id, stepId));
  if (error) return <ErrorPanel what="The explanation" error={error} retry={() => refetch()} />;
  if (data === undefined) return <Skeleton className="h-24" />;
  if (data === null) return <p className="text-muted text-sm">This server is too old to explain facts.</p>;
  const known = data.facts.filter((fact) => fact.given_by.length > 0 || fact.how.length > 0);
  return (
    <div className="space-y-4 text-xs">
      {data.records.length === 0 && (
        <p className="text-muted">
          No span or log record of this step was sent. It is known from the messages of other steps.
        </p>
      )}
      <ul className="text-muted">
        {data.records.map((record, at) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: records are told apart by their place
          <li key={at}>
            {visible(record.signal)} {visible(record.name)}
            {record.scope_name && `, sent by ${visible(record.scope_name)}`}
            {record.dialect && `, read as ${visible(record.dialect)}`}
            {record.changed_since.length > 0 &&
              `. Today's rules find otherwise: ${record.changed_since.map(visible).join(", ")}`}
          </li>
        ))}
      </ul>
      <section aria-label="Facts and where they come from">
        <h3 className="detail-heading mb-1">Facts and where they come from</h3>
        <dl className="divide-y divide-line">
          {known.map((fact) => (
            <FactRow key={fact.fact} fact={fact} />
          ))}
        </dl>
      </section>
      <NotUnderstood all={data.not_understood} />
    </div>
  );
}

function FactRow({ fact }: { readonly fact: FactExplanation }) {
  const from = [...fact.given_by.map((place) => place.text), ...fact.how].map(visible).join(" · ");
  return (
    <div className="grid grid-cols-[minmax(6rem,2fr)_minmax(0,5fr)] gap-x-3 py-1">
      <dt className="break-words text-muted">{visible(fact.fact.replaceAll("_", " "))}</dt>
      <dd className="min-w-0 break-words">
        <span className="line-clamp-2 font-mono">{said(fact.value)}</span>
        {from && <span className="text-muted">← {from}</span>}
        {fact.set_aside.length > 0 && (
          <Disclosure summary={`${plural(fact.set_aside.length, "other place")} not taken`}>
            {() =>
              fact.set_aside.map((aside) => (
                <p key={`${aside.text} ${aside.why}`}>
                  <span className="font-mono">
                    {visible(aside.text)} = {said(aside.value)}
                  </span>
                  <span className="text-muted">: {visible(aside.why)}</span>
                </p>
              ))
            }
          </Disclosure>
        )}
      </dd>
    </div>
  );
}

function NotUnderstood({ all }: { readonly all: StepExplanation["not_understood"] }) {
  const likely = all.filter((one) => !one.of_no_interest);
  const rest = all.length - likely.length;
  return (
    <section aria-label="Not understood">
      <h3 className="detail-heading mb-1">Sent and not understood</h3>
      {likely.length === 0 && <p className="text-muted">Nothing that looks like a fact.</p>}
      <dl className="divide-y divide-line">
        {likely.map((one) => (
          <div
            key={one.what + one.key}
            className="grid grid-cols-[minmax(6rem,2fr)_minmax(0,5fr)] gap-x-3 py-1"
          >
            <dt className="break-words font-mono text-muted">{visible(one.key)}</dt>
            <dd className="min-w-0 break-words">
              <span className="line-clamp-2 font-mono">{said(one.example)}</span>
              {one.looks_like && <span className="text-warn">looks like {visible(one.looks_like)}</span>}
            </dd>
          </div>
        ))}
      </dl>
      {rest > 0 && <p className="mt-1 text-muted">{plural(rest, "other attribute")} of no interest here.</p>}
    </section>
  );
}

const said = (value: unknown): string =>
  value === null ? "unknown" : visible(typeof value === "string" ? value : JSON.stringify(value));
