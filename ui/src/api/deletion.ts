/** Runs that are about to be deleted: for some seconds they can be brought back. A tab that is closed meanwhile deletes nothing. */
import { useSyncExternalStore } from "react";
import { Problem, whyFailed } from "./client";
import { deleteRun } from "./runs";

/** How long a deletion can be undone, in milliseconds. */
const GRACE_MS = 7000;
/** How long after a deletion the live stream has told every list of it, in milliseconds. */
const TOLD_MS = 2000;

export interface Doomed {
  readonly id: string;
  readonly name: string;
}

export interface Deletions {
  /** What can still be brought back. */
  readonly pending: readonly Doomed[];
  /** What the server was asked to delete, until lists know. */
  readonly leaving: readonly Doomed[];
  /** What was not deleted and why, in words. */
  readonly failed: readonly string[];
}

let now: Deletions = { pending: [], leaving: [], failed: [] };
let timer: ReturnType<typeof setTimeout> | undefined;
const watchers = new Set<() => void>();

function set(change: Partial<Deletions>): void {
  now = { ...now, ...change };
  for (const watcher of watchers) watcher();
}

/** Deletes runs after a while, and at once what was to be deleted before. */
export function deleteLater(runs: readonly Doomed[]): void {
  void commit();
  set({ pending: runs });
  timer = setTimeout(() => void commit(), GRACE_MS);
}

/** What is pending stays. */
export function undo(): void {
  clearTimeout(timer);
  set({ pending: [] });
}

/** Takes away the word of what failed. */
export const dismiss = (): void => set({ failed: [] });

async function commit(): Promise<void> {
  clearTimeout(timer);
  const { pending } = now;
  set({ pending: [], leaving: [...now.leaving, ...pending] });
  for (const run of pending) {
    const leave = () => set({ leaving: now.leaving.filter((one) => one !== run) });
    try {
      await deleteRun(run.id);
      setTimeout(leave, TOLD_MS);
    } catch (error) {
      leave();
      // It went with the run that started it.
      if (error instanceof Problem && error.status === 404) continue;
      set({ failed: [...now.failed, `${run.name} was not deleted: ${whyFailed(error)}`] });
    }
  }
}

export const useDeletions = (): Deletions =>
  useSyncExternalStore(
    (watcher) => {
      watchers.add(watcher);
      return () => watchers.delete(watcher);
    },
    () => now,
  );
