import { useQuery } from "@tanstack/react-query";
import { Link, Outlet } from "@tanstack/react-router";
import { CircleHelp, Command, List, type LucideIcon, Rocket, Search, Settings, SunMoon } from "lucide-react";
import { type ComponentType, lazy, Suspense, useEffect, useState } from "react";
import { Button } from "../components/Button";
import { useKeys } from "../lib/useKeys";
import { ConnectionMark } from "./ConnectionMark";
import { signedOut } from "./queryClient";
import { SignIn } from "./SignIn";
import { nextTheme } from "./theme";
import { UndoBar } from "./UndoBar";

/** A dialog whose script cannot be loaded stays closed. */
const Palette = lazy(() => dialog(async () => (await import("./Palette")).Palette));
const Help = lazy(() => dialog(async () => (await import("./Help")).Help));
type Dialog = ComponentType<{ close: () => void }>;
const dialog = (load: () => Promise<Dialog>): Promise<{ default: Dialog }> =>
  load().then(
    (found) => ({ default: found }),
    () => ({ default: () => null }),
  );

const places: { to: "/" | "/search" | "/start" | "/settings"; name: string; Icon: LucideIcon }[] = [
  { to: "/", name: "Runs", Icon: List },
  { to: "/search", name: "Search", Icon: Search },
  { to: "/start", name: "Send a run", Icon: Rocket },
  { to: "/settings", name: "Settings", Icon: Settings },
];

/** The frame of every page: navigation and content, or the form for the API key. */
export function AppShell() {
  const locked = useQuery<boolean>({ queryKey: signedOut, enabled: false, initialData: false });
  const [open, setOpen] = useState<"palette" | "help" | null>(null);
  useKeys({ "?": () => setOpen("help") });
  useEffect(() => {
    const pressed = (event: KeyboardEvent) => {
      if (event.key.toLowerCase() !== "k" || !(event.metaKey || event.ctrlKey)) return;
      event.preventDefault();
      setOpen("palette");
    };
    // In the capture phase, so that it works in a dialog too.
    document.addEventListener("keydown", pressed, { capture: true });
    return () => document.removeEventListener("keydown", pressed, { capture: true });
  }, []);
  if (locked.data) return <SignIn />;
  // A dialog's close event comes a moment late; another dialog may be open by then.
  const close = (closed: "palette" | "help") => () => setOpen((now) => (now === closed ? null : now));
  return (
    <>
      <div className="flex h-full flex-col">
        <a href="#main" className="sr-only focus:not-sr-only focus:p-2">
          Skip to content
        </a>
        <header className="flex h-10 shrink-0 items-center gap-1 border-b bg-raised px-3">
          <Link to="/" className="mr-3 font-semibold tracking-tight max-sm:mr-1">
            Turnscope
          </Link>
          <Places />
          <div className="ml-auto flex items-center gap-1">
            <ConnectionMark />
            <Button
              look="quiet"
              onClick={() => setOpen("palette")}
              aria-label="Go anywhere"
              title="Go anywhere (⌘K)"
            >
              <Command size={14} aria-hidden />
            </Button>
            <Button
              look="quiet"
              onClick={nextTheme}
              aria-label="Light, dark or as the system"
              title="Light, dark or as the system"
              className="max-sm:hidden"
            >
              <SunMoon size={14} aria-hidden />
            </Button>
            <Button
              look="quiet"
              onClick={() => setOpen("help")}
              aria-label="Keys"
              title="Keys (?)"
              className="max-sm:hidden"
            >
              <CircleHelp size={14} aria-hidden />
            </Button>
          </div>
        </header>
        <main id="main" tabIndex={-1} className="min-h-0 flex-1 overflow-auto outline-none">
          <Outlet />
        </main>
      </div>
      <UndoBar />
      <Suspense>
        {open === "palette" && <Palette close={close("palette")} />}
        {open === "help" && <Help close={close("help")} />}
      </Suspense>
    </>
  );
}

function Places() {
  return (
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
  );
}
