import { useQuery } from "@tanstack/react-query";
import { api, must } from "../../api/client";
import { oneLine, visible } from "../../lib/text";
import { Section } from "./Section";

/** Services whose model calls say no tokens: their names for them may be unknown here. Nothing where there are none. */
export function Unread() {
  const services = useQuery({
    queryKey: ["stats", "service"],
    queryFn: async () => must(await api.GET("/v1/stats", { params: { query: { group_by: "service" } } })),
  });
  const silent = (services.data?.groups ?? []).filter(({ llm_calls, usage }) => llm_calls > 0 && !usage);
  if (silent.length === 0) return null;
  return (
    <Section title="Calls without tokens">
      <div className="rounded-md border border-warn p-2">
        <p>
          No model call of these services says how many tokens it used. What they send and no rule understands
          is listed by the command beside each:
        </p>
        <ul className="mt-1 list-disc pl-5">
          {silent.slice(0, 12).map(({ key, llm_calls }) => {
            const service = key["service"] ?? "";
            return (
              <li key={service}>
                {oneLine(service) || "no service named"}: {llm_calls} {llm_calls === 1 ? "call" : "calls"}.{" "}
                <code>turnscope unmapped{service && ` -q ${quoted(service)}`}</code>
              </li>
            );
          })}
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
