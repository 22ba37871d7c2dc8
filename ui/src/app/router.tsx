import { createRootRoute, createRoute, createRouter } from "@tanstack/react-router";
import { EmptyState } from "../components/EmptyState";
import { ErrorPanel } from "../components/ErrorPanel";
import { runQuery, skeletonQuery } from "../features/run/data/queries";
import { pageQuery } from "../features/runs/pageQuery";
import { RunsPage } from "../features/runs/RunsPage";
import { readView } from "../features/runs/view";
import { AppShell } from "./AppShell";
import { lazyPage } from "./lazyPage";
import { queryClient } from "./queryClient";

/** The query string of a page, unparsed. Each feature reads its own part. */
type Search = Record<string, unknown>;
const anySearch = (search: Search): Search => search;

/**
 * The query string as it is written: every value is a text. The router's own reader takes JSON, so that the quotes of a search in a
 * hand-written link would be lost.
 */
const parseSearch = (search: string): Search => Object.fromEntries(new URLSearchParams(search));
function stringifySearch(search: Search): string {
  const given = Object.entries(search).filter(([, value]) => value !== undefined && value !== null);
  const query = new URLSearchParams(given.map(([name, value]) => [name, String(value)])).toString();
  return query && `?${query}`;
}

/** A page that has no data by then is shown without it, with a loading state. */
const PATIENCE_MS = 150;

/** Delays a page briefly for its first data. On a page that is already open, the user sees a loading state instead. */
async function briefly(cause: "enter" | "stay" | "preload", reading: Promise<unknown>): Promise<void> {
  if (cause !== "enter") return;
  await Promise.race([reading, new Promise((resolve) => setTimeout(resolve, PATIENCE_MS))]);
}

const root = createRootRoute({
  component: AppShell,
  notFoundComponent: () => <EmptyState title="Page not found" level={1} />,
  errorComponent: ({ error, reset }) => <ErrorPanel what="This page" error={error} retry={reset} />,
});

const runs = createRoute({
  getParentRoute: () => root,
  path: "/",
  validateSearch: anySearch,
  loaderDeps: ({ search }) => search,
  // The first rows are requested and awaited before anything is drawn, so that the page is not drawn twice.
  loader: ({ deps, cause }) => briefly(cause, queryClient.prefetchQuery(pageQuery(readView(deps), null))),
  component: RunsPage, // the home page needs no second script
});

const run = createRoute({
  getParentRoute: () => root,
  path: "/runs/$runId",
  validateSearch: anySearch,
  // The run and its steps load at the same time as the page's script.
  loader: ({ params: { runId }, cause }) =>
    briefly(
      cause,
      Promise.all([
        queryClient.prefetchQuery(runQuery(runId)),
        queryClient.prefetchQuery(skeletonQuery(runId)),
      ]),
    ),
  component: lazyPage(async () => (await import("../features/run/RunPage")).RunPage),
});

const search = createRoute({
  getParentRoute: () => root,
  path: "/search",
  validateSearch: anySearch,
  component: lazyPage(async () => (await import("../features/search/SearchPage")).SearchPage),
});

const session = createRoute({
  getParentRoute: () => root,
  path: "/session",
  // In the query string: a session's id may be any text, such as `..`, which a path would not keep.
  validateSearch: anySearch,
  component: lazyPage(async () => (await import("../features/session/SessionPage")).SessionPage),
});

const settings = createRoute({
  getParentRoute: () => root,
  path: "/settings",
  component: lazyPage(async () => (await import("../features/settings/SettingsPage")).SettingsPage),
});

const start = createRoute({
  getParentRoute: () => root,
  path: "/start",
  component: lazyPage(async () => (await import("../features/start/StartPage")).StartPage),
});

/** The path at which the server serves the UI. The server writes it into the page. */
const path = document.querySelector<HTMLMetaElement>("meta[name=turnscope-path]")?.content ?? "/ui/";

export const router = createRouter({
  routeTree: root.addChildren([runs, run, session, search, settings, start]),
  basepath: path.replace(/\/$/, ""),
  defaultPreload: "intent",
  parseSearch,
  stringifySearch,
});

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}
