import { useQuery } from "@tanstack/react-query";
import { api, must } from "../../api/client";
import { lastWords, RANGES } from "../../lib/ranges";
import { visible } from "../../lib/text";
import { type Asked, KINDS } from "./asked";

type Props = { asked: Asked; change: (part: Partial<Asked>) => void };

/** What a search is narrowed by: what a text was sent as, the agent, the time, and any other query about runs. */
export function Narrowing({ asked, change }: Props) {
  const { kinds, agent, last, filter } = asked;
  const agents = useQuery({
    queryKey: ["values", "agent", ""],
    queryFn: async () =>
      must(await api.GET("/v1/values", { params: { query: { field: "agent", limit: 100 } } })).values,
  });
  const known = agents.data?.map(({ value }) => value) ?? [];
  const ranges = last === "" || RANGES.includes(last) ? RANGES : [last, ...RANGES];
  return (
    <div className="flex flex-wrap items-center gap-x-2 gap-y-1.5 px-3 pb-2 text-xs">
      <fieldset aria-label="Kinds of text" className="flex flex-wrap gap-1.5">
        {KINDS.map(([kind, title]) => {
          const on = kinds.includes(kind);
          return (
            <button
              key={kind}
              type="button"
              aria-pressed={on}
              className={`inline-flex h-6 items-center rounded-full border px-2 ${on ? "border-accent bg-selected" : "text-muted hover:bg-hover hover:text-text"}`}
              onClick={() => change({ kinds: on ? kinds.filter((one) => one !== kind) : [...kinds, kind] })}
            >
              {title}
            </button>
          );
        })}
      </fieldset>
      <select
        aria-label="Agent"
        value={agent}
        onChange={(event) => change({ agent: event.target.value })}
        className="field max-w-48"
      >
        <option value="">All agents</option>
        {(agent === "" || known.includes(agent) ? known : [agent, ...known]).map((name) => (
          <option key={name} value={name}>
            {visible(name)}
          </option>
        ))}
      </select>
      <select
        aria-label="Time range"
        value={last}
        onChange={(event) => change({ last: event.target.value })}
        className="field"
      >
        <option value="">All time</option>
        {ranges.map((range) => (
          <option key={range} value={range}>
            {lastWords(range)}
          </option>
        ))}
      </select>
      <form
        className="flex min-w-40 flex-1 items-center"
        onSubmit={(event) => {
          event.preventDefault();
          change({ filter: String(new FormData(event.currentTarget).get("filter") ?? "") });
        }}
      >
        <input
          key={filter}
          name="filter"
          aria-label="Only in runs"
          title="Only in runs that this query asks for; Enter applies it"
          defaultValue={filter}
          placeholder="runs: status:failed"
          spellCheck={false}
          autoComplete="off"
          className="field w-full min-w-0 font-mono"
        />
      </form>
    </div>
  );
}
