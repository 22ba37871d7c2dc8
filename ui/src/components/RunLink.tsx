import { useRouter } from "@tanstack/react-router";
import type { AnchorHTMLAttributes, MouseEvent } from "react";

type Props = Omit<AnchorHTMLAttributes<HTMLAnchorElement>, "href"> & { readonly runId: string };

/**
 * A link to a run's page. The router's own link re-renders on every navigation to know whether it is the current page. Links to
 * runs do not need that, and with dozens of rows it was most of the cost of drawing them.
 */
export function RunLink({ runId, ...rest }: Props) {
  const router = useRouter();
  const place = { to: "/runs/$runId", params: { runId } } as const;
  const follow = (event: MouseEvent) => {
    if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    router.navigate(place);
  };
  const warm = () => void router.preloadRoute(place);
  const href = `${router.basepath.replace(/\/$/, "")}/runs/${encodeURIComponent(runId)}`;
  return <a href={href} onClick={follow} onMouseEnter={warm} onFocus={warm} {...rest} />;
}
