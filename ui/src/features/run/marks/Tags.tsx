import { Plus, X } from "lucide-react";
import { type FormEvent, useState } from "react";
import { FilterLink } from "../../../components/FilterLink";
import { visible } from "../../../lib/text";
import { useRunModel } from "../model";
import { useRunWrites } from "./scores";

/** The run's tags. More can be added, and those that did not come with telemetry can be removed. */
export function Tags() {
  const { run } = useRunModel();
  const { tag } = useRunWrites(run.run_id, null);
  const [adding, setAdding] = useState(false);
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const name = String(new FormData(event.currentTarget).get("tag") ?? "").trim();
    if (name) tag.mutate({ add_tags: [name] });
    setAdding(false);
  };
  return (
    <span className="flex flex-wrap items-center gap-1">
      {run.tags.map((name) => (
        <span key={name} className="chip">
          <FilterLink name="tag" value={name} className="max-w-48 truncate" />
          <button
            type="button"
            className="-mr-2 inline-flex size-6 items-center justify-center text-muted hover:text-text"
            aria-label={`Remove the tag ${visible(name)}`}
            onClick={() => tag.mutate({ remove_tags: [name] })}
          >
            <X aria-hidden className="size-3" />
          </button>
        </span>
      ))}
      {adding ? (
        <form onSubmit={submit}>
          <input
            name="tag"
            className="field w-24"
            aria-label="New tag"
            // biome-ignore lint/a11y/noAutofocus: the person has just asked to type here
            autoFocus
            onBlur={() => setAdding(false)}
          />
        </form>
      ) : (
        <button type="button" className="chip text-muted" onClick={() => setAdding(true)}>
          <Plus aria-hidden className="size-3" /> tag
        </button>
      )}
      {tag.error && (
        <span role="alert" className="text-error text-xs">
          {tag.error.message}
        </span>
      )}
    </span>
  );
}
