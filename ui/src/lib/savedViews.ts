/**
 * Views of the list of runs that somebody saved under a name: what stands in the list's address.
 *
 * They are kept in this browser. A link carries its view itself, so that nobody else needs to have it saved.
 */
import { useSyncExternalStore } from "react";

export interface SavedView {
  readonly name: string;
  /** What the address of the list holds: query, order, columns, time range. */
  readonly search: Readonly<Record<string, string>>;
}

const KEY = "turnscope-views";

/** What is stored, as far as it can be read: it may be of another version, or written by hand. */
export function readViews(text: string | null): readonly SavedView[] {
  try {
    const stored: unknown = JSON.parse(text ?? "[]");
    return Array.isArray(stored) ? stored.filter(isSaved) : [];
  } catch {
    return [];
  }
}

function isSaved(value: unknown): value is SavedView {
  const { name, search } = (value ?? {}) as Partial<SavedView>;
  const isText = (one: unknown) => typeof one === "string";
  return isText(name) && typeof search === "object" && search !== null && Object.values(search).every(isText);
}

/** With a view under its name, in the place of one that has the name already. */
export function withView(views: readonly SavedView[], saved: SavedView): readonly SavedView[] {
  const at = views.findIndex(({ name }) => name === saved.name);
  return at < 0 ? [...views, saved] : views.with(at, saved);
}

/** With another name for a view. Null if another one has it. */
export function renamed(views: readonly SavedView[], from: string, to: string): readonly SavedView[] | null {
  if (from !== to && views.some(({ name }) => name === to)) return null;
  return views.map((view) => (view.name === from ? { ...view, name: to } : view));
}

export const without = (views: readonly SavedView[], name: string): readonly SavedView[] =>
  views.filter((view) => view.name !== name);

/** Whether both show the same, whatever they are called. */
export function isSameSearch(a: SavedView["search"], b: SavedView["search"]): boolean {
  const plain = ({ view: _, peek: __, ...rest }: SavedView["search"]) =>
    JSON.stringify(Object.entries(rest).sort());
  return plain(a) === plain(b);
}

let text: string | null | undefined;
let views: readonly SavedView[] = [];

/** Read again only when what is stored has changed: React compares by identity. */
function stored(): readonly SavedView[] {
  const now = localStorage.getItem(KEY);
  if (now !== text) {
    text = now;
    views = readViews(now);
  }
  return views;
}

const watchers = new Set<() => void>();

/** Keeps the views. Returns whether the browser could: storage may be full or off. */
export function keepViews(next: readonly SavedView[]): boolean {
  try {
    localStorage.setItem(KEY, JSON.stringify(next));
  } catch {
    return false;
  }
  for (const watcher of watchers) watcher();
  return true;
}

/** The saved views, also those that another tab saves meanwhile. */
export const useSavedViews = (): readonly SavedView[] =>
  useSyncExternalStore((watcher) => {
    watchers.add(watcher);
    window.addEventListener("storage", watcher);
    return () => {
      watchers.delete(watcher);
      window.removeEventListener("storage", watcher);
    };
  }, stored);
