/** Runs that are about to be deleted: for some seconds each can be brought back. A tab that is closed meanwhile deletes nothing. */
import { useSyncExternalStore } from "react";
import { whyFailed } from "../../api/client";
import { send } from "../run/data/api";

/** How long a deletion can be undone, in milliseconds. */
const GRACE_MS = 7000;

export interface Deletion {
  readonly runs: readonly { readonly id: string; readonly name: string }[];
  /** Why it did not succeed. */
  readonly error: string | null;
}

let current: Deletion | null = null;
let timer: ReturnType<typeof setTimeout> | undefined;
const watchers = new Set<() => void>();

function set(next: Deletion | null): void {
  current = next;
  for (const watcher of watchers) watcher();
}

/** Deletes runs after a while, and at once what was to be deleted before. */
export function deleteLater(runs: Deletion["runs"]): void {
  void commit();
  set({ runs, error: null });
  timer = setTimeout(() => void commit(), GRACE_MS);
}

/** Nothing is deleted; also takes away the word of a deletion that failed. */
export function undo(): void {
  clearTimeout(timer);
  set(null);
}

async function commit(): Promise<void> {
  clearTimeout(timer);
  const doomed = current;
  if (!doomed || doomed.error !== null) return;
  set(null);
  for (const { id, name } of doomed.runs) {
    await send("DELETE", `/v1/runs/${encodeURIComponent(id)}`).catch((failed: unknown) =>
      set({ runs: doomed.runs, error: `${name} was not deleted: ${whyFailed(failed)}` }),
    );
  }
}

export const useDeletion = (): Deletion | null =>
  useSyncExternalStore(
    (watcher) => {
      watchers.add(watcher);
      return () => watchers.delete(watcher);
    },
    () => current,
  );
