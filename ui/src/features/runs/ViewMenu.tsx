import { Bookmark } from "lucide-react";
import { lazy, Suspense, useState } from "react";
import { Button } from "../../components/Button";
import { isSameSearch, useSavedViews } from "../../lib/savedViews";
import { visible } from "../../lib/text";
import { useKeys } from "../../lib/useKeys";
import { type View, writeView } from "./view";

/** Loaded lazily, so that the home page does not wait for a menu's script. */
const load = () => import("./ViewPanel");
const ViewPanel = lazy(async () => ({ default: (await load()).ViewPanel }));

/** The saved views: to choose, save, rename, delete and share them. */
export function ViewMenu({ view }: { view: View }) {
  const [open, setOpen] = useState(false);
  const [wanted, setWanted] = useState(false);
  const show = () => {
    setWanted(true);
    setOpen(true);
  };
  useKeys({
    v: (event) => {
      // Else the letter would be typed into the form that opens.
      event.preventDefault();
      show();
    },
  });
  const saved = useSavedViews().find(({ name }) => name === view.name);
  const changed = saved !== undefined && !isSameSearch(saved.search, writeView(view));
  const button = (
    <Button
      className="h-8 max-w-52"
      aria-label={view.name ? `Saved views: ${visible(view.name)}` : "Saved views"}
      aria-haspopup="dialog"
      title="Saved views (v)"
      onClick={show}
      onPointerEnter={load}
      onFocus={load}
    >
      <Bookmark size={15} aria-hidden className={`shrink-0 ${saved && !changed ? "fill-current" : ""}`} />
      {view.name && (
        <span className="truncate max-sm:hidden">
          {visible(view.name)}
          {changed && <span className="text-muted">, changed</span>}
        </span>
      )}
    </Button>
  );
  if (!wanted) return button;
  return (
    <Suspense fallback={button}>
      <ViewPanel view={view} button={button} open={open} onOpen={setOpen} />
    </Suspense>
  );
}
