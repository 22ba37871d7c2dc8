import { Link, Outlet } from "@tanstack/react-router";
import { List, type LucideIcon, Rocket, Search, Settings } from "lucide-react";
import { Tooltip } from "radix-ui";

const places: { to: "/" | "/search" | "/start" | "/settings"; name: string; Icon: LucideIcon }[] = [
  { to: "/", name: "Runs", Icon: List },
  { to: "/search", name: "Search", Icon: Search },
  { to: "/start", name: "Send a run", Icon: Rocket },
  { to: "/settings", name: "Settings", Icon: Settings },
];

/** The frame of every page: where one can go, and the page. */
export function AppShell() {
  return (
    <Tooltip.Provider>
      <div className="flex h-full flex-col">
        <a href="#main" className="sr-only focus:not-sr-only focus:p-2">
          Skip to content
        </a>
        <header className="flex h-10 shrink-0 items-center gap-1 border-b bg-raised px-3">
          <Link to="/" className="mr-3 font-semibold tracking-tight">
            Turnscope
          </Link>
          <nav aria-label="Pages" className="flex gap-0.5">
            {places.map(({ to, name, Icon }) => (
              <Link
                key={to}
                to={to}
                activeOptions={{ exact: to === "/", includeSearch: false }}
                className="inline-flex h-7 items-center gap-1.5 rounded-md px-2 text-muted hover:bg-hover hover:text-text aria-[current=page]:bg-hover aria-[current=page]:text-text"
              >
                <Icon size={14} aria-hidden />
                <span className="max-sm:sr-only">{name}</span>
              </Link>
            ))}
          </nav>
        </header>
        <main id="main" className="min-h-0 flex-1 overflow-auto">
          <Outlet />
        </main>
      </div>
    </Tooltip.Provider>
  );
}
