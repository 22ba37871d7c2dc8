import { Button } from "../components/Button";
import { undo, useDeletion } from "../features/runs/deletion";
import { oneLine } from "../lib/text";

/** What is about to be deleted, and the way to bring it back. */
export function UndoBar() {
  const deletion = useDeletion();
  if (!deletion) return null;
  const [first] = deletion.runs;
  const what = deletion.runs.length === 1 ? oneLine(first?.name, 60) : `${deletion.runs.length} runs`;
  return (
    <div
      role={deletion.error === null ? "status" : "alert"}
      className="fixed bottom-4 left-1/2 z-40 flex max-w-[90vw] -translate-x-1/2 items-center gap-3 rounded-lg border bg-raised px-4 py-2 shadow-xl"
    >
      <span className="min-w-0 truncate">
        {deletion.error ?? (
          <>
            Deleting <strong>{what}</strong> with all its content
          </>
        )}
      </span>
      <Button look="primary" onClick={undo}>
        {deletion.error === null ? "Undo" : "Close"}
      </Button>
    </div>
  );
}
