import { createRootRoute, createRoute, createRouter, lazyRouteComponent } from "@tanstack/react-router";
import { EmptyState } from "../components/EmptyState";
import { ErrorPanel } from "../components/ErrorPanel";
import { pageQuery } from "../features/runs/pageQuery";
import { RunsPage } from "../features/runs/RunsPage";
import { readView } from "../features/runs/view";
import { AppShell } from "./AppShell";
import { queryClient } from "./queryClient";

/** What stands in a page's query string, as it is; each feature reads its own part of it. */
type Search = Record<string, unknown>;
const anySearch = (search: Search): Search => search;

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
  // The first rows are asked for before anything is drawn.
  loader: ({ deps }) => {
    queryClient.prefetchQuery(pageQuery(readView(deps), null));
  },
  component: RunsPage, // the home page waits for no second script
});

const run = createRoute({
  getParentRoute: () => root,
  path: "/runs/$runId",
  validateSearch: anySearch,
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
