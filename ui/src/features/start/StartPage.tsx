import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { CircleCheck, LoaderCircle } from "lucide-react";
import { Tabs } from "radix-ui";
import { apiPath } from "../../api/base";
import { session } from "../../api/session";
import { CopyButton } from "../../components/CopyButton";
import { count } from "../../lib/numbers";
import { oneLine } from "../../lib/text";
import { useTitle } from "../../lib/useTitle";
import { snippets } from "./snippets";
import { useFirstRun } from "./useFirstRun";

/** How to send a first run: snippets to paste, and a green mark when it arrives. */
export function StartPage() {
  useTitle("Send a run");
  const signedIn = useQuery({ queryKey: ["session"], queryFn: session.read, retry: false });
  const origin = window.location.origin + apiPath("");
  const all = snippets(origin, signedIn.data?.key_required ?? false);
  return (
    <div className="mx-auto max-w-3xl px-4 py-6">
      <h1 className="text-lg font-semibold">Send your first run</h1>
      <p className="mt-1 mb-4 text-muted">
        Turnscope receives OpenTelemetry from any agent framework, in any dialect. Point an exporter at{" "}
        <code className="text-text">{origin}</code> and run the agent.
      </p>
      <Arrival />
      <Tabs.Root defaultValue="python" className="mt-4">
        <Tabs.List aria-label="Languages" className="flex flex-wrap gap-1 border-b">
          {all.map(({ id, title }) => (
            <Tabs.Trigger
              key={id}
              value={id}
              className="-mb-px border-b-2 border-transparent px-3 py-1.5 text-muted hover:text-text data-[state=active]:border-accent data-[state=active]:text-text"
            >
              {title}
            </Tabs.Trigger>
          ))}
        </Tabs.List>
        {all.map(({ id, says, code }) => (
          <Tabs.Content key={id} value={id} className="pt-3">
            <div className="mb-2 flex items-center gap-3">
              <p className="flex-1 text-muted">{says}</p>
              <CopyButton text={code} />
            </div>
            <pre
              // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
              tabIndex={0}
              className="overflow-x-auto rounded-md border bg-raised p-3 font-mono text-xs leading-relaxed"
            >
              {code}
            </pre>
          </Tabs.Content>
        ))}
      </Tabs.Root>
    </div>
  );
}

function Arrival() {
  const { arrived, before } = useFirstRun();
  if (arrived) {
    return (
      <p role="status" className="flex items-center gap-2 rounded-md border border-ok bg-raised px-3 py-2.5">
        <CircleCheck size={16} className="shrink-0 text-ok" aria-hidden />
        <span className="min-w-0 truncate">
          <strong>{oneLine(arrived.name, 60)}</strong> has arrived.
        </span>
        <Link
          to="/runs/$runId"
          params={{ runId: arrived.runId }}
          className="ml-auto shrink-0 text-accent underline"
        >
          Open it
        </Link>
      </p>
    );
  }
  return (
    <p role="status" className="flex items-center gap-2 rounded-md border bg-raised px-3 py-2.5 text-muted">
      <LoaderCircle size={16} className="shrink-0 animate-spin [animation-duration:2s]" aria-hidden />
      Waiting for a span{before ? `; ${count(before)} runs are here already` : ""}.
    </p>
  );
}
