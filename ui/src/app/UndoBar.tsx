import type { ReactNode } from "react";
import { dismiss, undo, useDeletions } from "../api/deletion";
import { Button } from "../components/Button";
import { oneLine, visible } from "../lib/text";

/** What is about to be deleted, and the way to bring it back; and what could not be deleted. */
export function UndoBar() {
  const { pending, failed } = useDeletions();
  const [first] = pending;
  const what = pending.length === 1 ? oneLine(first?.name, 60) : `${pending.length} runs`;
  return (
    <div className="fixed bottom-4 left-1/2 z-40 flex max-w-[90vw] -translate-x-1/2 flex-col gap-2">
      {failed.length > 0 && (
        <Bar role="alert" action="Close" onAction={dismiss}>
          {visible(failed[0] ?? "")}
          {failed.length > 1 && `, and ${failed.length - 1} more`}
        </Bar>
      )}
      {pending.length > 0 && (
        <Bar role="status" action="Undo" onAction={undo}>
          Deleting <strong>{what}</strong> with all its content
        </Bar>
      )}
    </div>
  );
}

interface BarProps {
  readonly role: "alert" | "status";
  readonly action: string;
  readonly onAction: () => void;
  readonly children: ReactNode;
}

function Bar({ role, action, onAction, children }: BarProps) {
  return (
    <div role={role} className="flex items-center gap-3 rounded-lg border bg-raised px-4 py-2 shadow-xl">
      <span className="min-w-0 break-words">{children}</span>
      <Button look="primary" className="ml-auto" onClick={onAction}>
        {action}
      </Button>
    </div>
  );
}
