import { useNavigate, useSearch } from "@tanstack/react-router";
import { useMemo } from "react";
import { readView, type View, writeView } from "./view";

/** The view in the URL, and functions to change it. Changes that only affect what is displayed replace the history entry. */
export function useView(): [View, (change: Partial<View>, replace?: boolean) => void] {
  const search = useSearch({ from: "/" });
  const navigate = useNavigate();
  const view = useMemo(() => readView(search), [search]);
  const change = (part: Partial<View>, replace = false) =>
    navigate({ to: "/", search: writeView({ ...view, ...part }), replace });
  return [view, change];
}
