import { createRootRoute, createRoute, createRouter, lazyRouteComponent } from "@tanstack/react-router";
import { EmptyState } from "../components/EmptyState";
import { ErrorPanel } from "../components/ErrorPanel";
import { runQuery, skeletonQuery } from "../features/run/data/queries";
import { pageQuery } from "../features/runs/pageQuery";
import { RunsPage } from "../features/runs/RunsPage";
import { readView } from "../features/runs/view";
import { AppShell } from "./AppShell";
import { queryClient } from "./queryClient";

/** What stands in a page's query string, as it is; each feature reads its own part of it. */
type Search = Record<string, unknown>;
const anySearch = (search: Search): Search => search;

/** A page that has not read its data by then shows itself without, and says so. */
const PATIENCE_MS = 150;

/** Holds a page back for its first data, but not long; who is on it already sees that something is being read. */
async function briefly(cause: "enter" | "stay" | "preload", reading: Promise<unknown>): Promise<void> {
  if (cause !== "enter") return;
  await Promise.race([reading, new Promise((resolve) => setTimeout(resolve, PATIENCE_MS))]);
}

const root = createRootRoute({
  component: AppShell,
  notFoundComponent: () => <EmptyState title="There is no such page" />,
  errorComponent: ({ error, reset }) => <ErrorPanel what="This page" error={error} retry={reset} />,
});

const runs = createRoute({
  getParentRoute: () => root,
  path: "/",
  validateSearch: anySearch,
  loaderDeps: ({ search }) => search,
  // The first rows are asked for before anything is drawn, and waited for, lest the page is drawn twice.
  loader: ({ deps, cause }) => briefly(cause, queryClient.prefetchQuery(pageQuery(readView(deps), null))),
  component: RunsPage, // the home page waits for no second script
});

const run = createRoute({
  getParentRoute: () => root,
  path: "/runs/$runId",
  validateSearch: anySearch,
  // The run and its steps are read while the page's script is.
  loader: ({ params: { runId }, cause }) =>
    briefly(
      cause,
      Promise.all([
        queryClient.prefetchQuery(runQuery(runId)),
        queryClient.prefetchQuery(skeletonQuery(runId)),
      ]),
    ),
  component: lazyRouteComponent(() => import("../features/run/RunPage"), "RunPage"),
});

const search = createRoute({
  getParentRoute: () => root,
  path: "/search",
  validateSearch: anySearch,
  component: lazyRouteComponent(() => import("../features/search/SearchPage"), "SearchPage"),
});

const settings = createRoute({
  getParentRoute: () => root,
  path: "/settings",
  component: lazyRouteComponent(() => import("../features/settings/SettingsPage"), "SettingsPage"),
});

const start = createRoute({
  getParentRoute: () => root,
  path: "/start",
  component: lazyRouteComponent(() => import("../features/start/StartPage"), "StartPage"),
});

/** The path under which the server put the UI; it writes it into the page. */
const path = document.querySelector<HTMLMetaElement>("meta[name=turnscope-path]")?.content ?? "/ui/";

export const router = createRouter({
  routeTree: root.addChildren([runs, run, search, settings, start]),
  basepath: path.replace(/\/$/, ""),
  defaultPreload: "intent",
});

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}
