import { useEffect } from "react";
import { visible } from "./text";

/** The title of the tab while a page is open. */
export function useTitle(title: string): void {
  useEffect(() => {
    document.title = title ? `${visible(title)} · Turnscope` : "Turnscope";
  }, [title]);
}
