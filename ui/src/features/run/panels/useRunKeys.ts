import { useKeys } from "../../../lib/useKeys";
import { useRunModel } from "../model";
import type { RunSearch, View } from "../search";

/** The keys of all views: `s t g c` change the view, Escape clears the selection. */
export function useRunKeys(search: RunSearch, onSearch: (search: RunSearch) => void): void {
  const { selected, select } = useRunModel();
  const show = (view: View) => () => onSearch({ ...search, view });
  useKeys({
    s: show("story"),
    t: show("tree"),
    g: show("timeline"),
    c: show("context"),
    ...(selected !== null && { ["Escape"]: () => select(null) }),
  });
}
