import { useQueries, useQuery } from "@tanstack/react-query";
import { api, must } from "../../api/client";
import { oneLine, visible } from "../../lib/text";
import { Section } from "./Section";

/** So many services are named, and looked at. */
const SHOWN = 12;
/** So many of a service's newest runs are looked at for messages. */
const RUNS = 20;

interface Silent {
  readonly service: string;
  readonly calls: number;
}

/** Services whose model calls say no tokens or no messages: their names for them may be unknown here. Nothing where there are none. */
export function Unread() {
  const services = useQuery({
    queryKey: ["stats", "service"],
    queryFn: async () => must(await api.GET("/v1/stats", { params: { query: { group_by: "service" } } })),
  });
  const calling = (services.data?.groups ?? []).filter(({ llm_calls }) => llm_calls > 0);
  const silent = (group: (typeof calling)[number]): Silent => ({
    service: group.key["service"] ?? "",
    calls: group.llm_calls,
  });
  const wordless = useWordless(calling.slice(0, SHOWN).map(silent));
  return (
    <>
      <Hint title="Calls without tokens" services={calling.filter(({ usage }) => !usage).map(silent)}>
        No model call of these services says how many tokens it used.
      </Hint>
      <Hint title="Runs without messages" services={wordless}>
        The newest runs of these services show neither a question nor an answer. They may have been told to
        hide content.
      </Hint>
    </>
  );
}

/** The services of which no recent run that called a model has a text. */
function useWordless(services: readonly Silent[]): Silent[] {
  const runs = useQueries({
    queries: services.map(({ service }) => ({
      queryKey: ["runs", "of", service],
      queryFn: async () =>
        must(await api.GET("/v1/runs", { params: { query: { service, limit: RUNS, roots_only: true } } })),
    })),
  });
  return services.filter((_, at) => {
    const calling = (runs[at]?.data?.runs ?? []).filter(({ total }) => (total?.llm_call_count ?? 0) > 0);
    return calling.length > 0 && calling.every((run) => !run.input_preview && !run.output_preview);
  });
}

interface HintProps {
  readonly title: string;
  readonly services: readonly Silent[];
  readonly children: string | string[];
}

function Hint({ title, services, children }: HintProps) {
  if (services.length === 0) return null;
  return (
    <Section title={title}>
      <div className="rounded-md border border-warn p-2">
        <p>
          {children} What they send and no rule understands is listed by the command beside each. Rules of
          your own hold for what comes from then on; <code>turnscope reproject</code> applies them to what is
          stored.
        </p>
        <ul className="mt-1 list-disc pl-5">
          {services.slice(0, SHOWN).map(({ service, calls }) => (
            <li key={service}>
              {oneLine(service) || "no service named"}: {calls} {calls === 1 ? "call" : "calls"}.{" "}
              <code>turnscope unmapped{service && ` -q ${quoted(service)}`}</code>
            </li>
          ))}
        </ul>
      </div>
    </Section>
  );
}

/** A filter by service as a shell takes it. */
function quoted(service: string): string {
  const query = `service:"${visible(service).replace(/["\\]/g, "\\$&")}"`;
  return `'${query.replaceAll("'", "'\\''")}'`;
}
