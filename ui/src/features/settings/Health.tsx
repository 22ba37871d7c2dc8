import { useQuery } from "@tanstack/react-query";
import { CircleCheck, TriangleAlert } from "lucide-react";
import { ErrorPanel } from "../../components/ErrorPanel";
import { Skeleton } from "../../components/Skeleton";
import { count } from "../../lib/numbers";
import { visible } from "../../lib/text";
import { duration } from "../../lib/time";
import { healthQuery, queueQuery } from "./config";
import { Figure, Figures, Section } from "./Section";

/** The server's health, and what it has accepted and refused since it started. */
export function Health() {
  const health = useQuery(healthQuery);
  const stats = useQuery(queueQuery);
  if (health.isError) return <ErrorPanel what="Health" error={health.error} retry={() => health.refetch()} />;
  if (!health.data) return <Skeleton className="h-24" />;
  const { status, degraded, uptime_ms, version, search_lag } = health.data;
  const queue = stats.data?.queue;
  const refused = Object.entries(queue?.refused ?? {}).filter(([, n]) => n > 0);
  return (
    <Section title="Health" note={`Turnscope ${version}, up for ${duration(uptime_ms)}`}>
      <p className="mb-3 flex items-center gap-2">
        {status === "ok" ? (
          <CircleCheck size={16} className="text-ok" aria-hidden />
        ) : (
          <TriangleAlert size={16} className="text-warn" aria-hidden />
        )}
        {status === "ok" ? "Everything works." : "Some things need attention:"}
      </p>
      {degraded.length > 0 && (
        <ul className="mb-3 list-disc pl-6 text-warn">
          {degraded.map((what) => (
            <li key={what}>{visible(what)}</li>
          ))}
        </ul>
      )}
      {stats.isError && <ErrorPanel what="The figures" error={stats.error} retry={() => stats.refetch()} />}
      {queue && (
        <Figures>
          <Figure name="Spans, logs and metrics received">{count(queue.received)}</Figure>
          <Figure name="Stored">{count(queue.stored)}</Figure>
          <Figure name="Received twice">{count(queue.duplicates)}</Figure>
          <Figure name="Rejected" bad={queue.rejected > 0}>
            {count(queue.rejected)}
          </Figure>
          <Figure name="Secrets redacted">{count(queue.redacted)}</Figure>
          <Figure name="Waiting for the search index">{count(search_lag)}</Figure>
          <Figure name="Requests refused" bad={refused.length > 0}>
            {refused.length === 0 ? "0" : refused.map(([why, n]) => `${n} ${why}`).join(", ")}
          </Figure>
        </Figures>
      )}
    </Section>
  );
}
