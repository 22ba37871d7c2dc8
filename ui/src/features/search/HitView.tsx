import { Link } from "@tanstack/react-router";
import type { Hit as FoundHit, Occurrence } from "../../api/types";
import { Badge } from "../../components/Badge";
import { oneLine, visible } from "../../lib/text";
import { clock, exact } from "../../lib/time";
import { pieces } from "./snippet";

const purposes: Record<string, string> = {
  input: "message",
  output: "answer",
  system: "system prompt",
  arguments: "tool arguments",
  result: "tool result",
  error: "error",
};

/** As the generated client types it, which has no tuples. */
export type Hit = Omit<FoundHit, "highlights"> & { highlights: number[][] };

/** A text that matches the search, and the turns that contain it. */
export function HitView({ hit, now }: { hit: Hit; now: number }) {
  const [first, ...others] = hit.places;
  if (!first) return null;
  return (
    <li className="px-3 py-2">
      <div className="flex items-center gap-2">
        <OccurrenceLink of={first} />
        <Badge>{purposes[hit.purpose] ?? hit.purpose}</Badge>
        <time title={exact(first.started_at)} className="ml-auto shrink-0 text-muted">
          {clock(first.started_at, now)}
        </time>
      </div>
      <p dir="auto" className="mt-1 line-clamp-4 break-words whitespace-pre-wrap">
        {pieces(hit.snippet, hit.highlights).map(({ at, text, hit: found }) =>
          found ? (
            <mark key={at} className="rounded-sm bg-mark text-text">
              {visible(text)}
            </mark>
          ) : (
            visible(text)
          ),
        )}
      </p>
      {others.length > 0 && (
        <details className="mt-1 text-muted">
          <summary>
            also in {others.length} more {others.length === 1 ? "place" : "places"}
          </summary>
          <ul className="mt-1 flex flex-col gap-0.5 pl-4">
            {others.map((other) => (
              <li key={other.run_id + other.step_id}>
                <OccurrenceLink of={other} withRun />
              </li>
            ))}
          </ul>
        </details>
      )}
    </li>
  );
}

function OccurrenceLink({ of, withRun = false }: { of: Occurrence; withRun?: boolean }) {
  return (
    <Link
      to="/runs/$runId"
      params={{ runId: of.run_id }}
      search={{ step: of.step_id, ...(of.turn && { turn: of.turn }) }}
      className="hit min-w-0 truncate hover:underline"
    >
      {withRun && <span className="font-medium text-text">{oneLine(of.run_name, 80)} · </span>}
      <span className="text-muted">
        {of.turn != null && `turn ${of.turn} · `}
        {oneLine(of.step_name, 80)}
      </span>
    </Link>
  );
}
