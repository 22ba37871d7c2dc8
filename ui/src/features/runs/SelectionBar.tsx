import { useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { whyFailed } from "../../api/client";
import { deleteLater } from "../../api/deletion";
import { addScore, changeTags, exportRun, joined, type Mark, markValue, type Otlp } from "../../api/runs";
import { Button } from "../../components/Button";
import { saveAs } from "../../lib/saveAs";

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
  const each = async (what: (id: string) => Promise<void>) => {
    setBusy(true);
    setError(null);
    for (const id of ids) {
      await what(id).catch((failed: unknown) =>
        setError((before) => before ?? `${selected.get(id)}: ${whyFailed(failed)}`),
      );
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
    void each((id) => changeTags(id, { add_tags: [name] }));
  };
  const mark = (label: Mark) => each((id) => addScore(id, markValue(label)));
  const save = async () => {
    const runs: Partial<Otlp>[] = [];
    await each(async (id) => {
      runs.push(await exportRun(id));
    });
    saveAs(JSON.stringify(joined(runs)), "turnscope-runs.otlp.json");
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
        <input name="tag" aria-label="Tag for the selected runs" placeholder="tag" className="field w-28" />
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
