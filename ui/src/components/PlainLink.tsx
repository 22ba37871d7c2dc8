import { type NavigateOptions, useRouter } from "@tanstack/react-router";
import type { AnchorHTMLAttributes, MouseEvent } from "react";

type Props = Omit<AnchorHTMLAttributes<HTMLAnchorElement>, "href"> & {
  /** Its address below the path of the UI. */
  readonly path: string;
  /** The same for the router. */
  readonly place: NavigateOptions;
};

/**
 * A link within the UI. The router's own link re-renders on every navigation to know whether it is the current page. Links in lists do
 * not need that, and with dozens of rows it was most of the cost of drawing them.
 */
export function PlainLink({ path, place, ...rest }: Props) {
  const router = useRouter();
  const follow = (event: MouseEvent) => {
    if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    router.navigate(place);
  };
  return <a href={router.basepath.replace(/\/$/, "") + path} onClick={follow} {...rest} />;
}

/** How values that lead somewhere look. */
export const VALUE_LINK =
  "decoration-line underline-offset-2 hover:text-accent hover:underline hover:decoration-current";
