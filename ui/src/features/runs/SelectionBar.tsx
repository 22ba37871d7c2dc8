import { useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { apiPath } from "../../api/base";
import { api, Problem } from "../../api/client";
import { Button } from "../../components/Button";
import { parseJson } from "../../lib/json";
import { deleteLater } from "./deletion";

type Props = {
  /** The selected runs, by id with their names. */
  selected: ReadonlyMap<string, string>;
  clear: () => void;
};

/** What can be done with the selected runs: tag, mark, export, delete. */
export function SelectionBar({ selected, clear }: Props) {
  const cache = useQueryClient();
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<string | null>(null);
  if (selected.size === 0) return null;
  const ids = [...selected.keys()];
  /** Does something to each run, one after the other, and says what the first failure was. */
  const each = async (what: (id: string) => Promise<Response>) => {
    setBusy(true);
    setError(null);
    for (const id of ids) {
      const failed = await what(id).then(
        async (reply) =>
          reply.ok ? null : Problem.from(reply, await reply.json().catch(() => null)).message,
        () => "the server could not be reached",
      );
      if (failed !== null) setError(`${selected.get(id)}: ${failed}`);
    }
    setBusy(false);
    await cache.invalidateQueries({ queryKey: ["runs"] });
  };
  const tag = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = event.currentTarget;
    const name = String(new FormData(form).get("tag") ?? "").trim();
    if (!name) return;
    form.reset();
    void each(async (id) => {
      const { response } = await api.PATCH("/v1/runs/{id}", {
        params: { path: { id } },
        body: { add_tags: [name], remove_tags: [] },
        parseAs: "stream",
      });
      return response;
    });
  };
  const mark = (label: "good" | "bad") =>
    each((id) =>
      fetch(apiPath(`/v1/runs/${encodeURIComponent(id)}/scores`), {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ name: "mark", label, value: label === "good" ? 1 : 0, source: "person" }),
      }),
    );
  const save = async () => {
    const spans: unknown[] = [];
    await each(async (id) => {
      const reply = await fetch(apiPath(`/v1/runs/${encodeURIComponent(id)}/export?format=otlp`));
      if (reply.ok) spans.push(...resourceSpans(parseJson(await reply.clone().text())));
      return reply;
    });
    const url = URL.createObjectURL(
      new Blob([JSON.stringify({ resourceSpans: spans })], { type: "application/json" }),
    );
    const link = document.createElement("a");
    link.href = url;
    link.download = "turnscope-runs.otlp.json";
    link.click();
    setTimeout(() => URL.revokeObjectURL(url), 1000);
  };
  return (
    <section
      aria-label="Selected runs"
      className="flex flex-wrap items-center gap-2 border-b bg-selected px-3 py-1.5"
    >
      <span className="font-medium" role="status">
        {ids.length} selected
      </span>
      <form onSubmit={tag} className="flex gap-1">
        <input
          name="tag"
          aria-label="Tag for the selected runs"
          placeholder="tag"
          className="h-7 w-28 rounded-md border bg-bg px-2"
        />
        <Button type="submit" disabled={busy}>
          Add tag
        </Button>
      </form>
      <Button disabled={busy} onClick={() => void mark("good")}>
        Mark good
      </Button>
      <Button disabled={busy} onClick={() => void mark("bad")}>
        Mark bad
      </Button>
      <Button disabled={busy} onClick={() => void save()}>
        Export as OTLP
      </Button>
      <Button
        disabled={busy}
        onClick={() => {
          deleteLater([...selected].map(([id, name]) => ({ id, name })));
          clear();
        }}
      >
        Delete
      </Button>
      <Button look="quiet" onClick={clear}>
        Clear
      </Button>
      {error && (
        <span role="alert" className="text-error">
          {error}
        </span>
      )}
    </section>
  );
}

function resourceSpans(document: unknown): unknown[] {
  const spans = (document as { resourceSpans?: unknown } | null)?.resourceSpans;
  return Array.isArray(spans) ? spans : [];
}
