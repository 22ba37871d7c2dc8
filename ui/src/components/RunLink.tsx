import { useRouter } from "@tanstack/react-router";
import type { AnchorHTMLAttributes } from "react";
import { PlainLink } from "./PlainLink";

type Props = Omit<AnchorHTMLAttributes<HTMLAnchorElement>, "href"> & { readonly runId: string };

/** A link to a run's page, whose script is fetched when the link is pointed at. */
export function RunLink({ runId, ...rest }: Props) {
  const router = useRouter();
  const place = { to: "/runs/$runId", params: { runId } } as const;
  const warm = () => void router.preloadRoute(place);
  return (
    <PlainLink
      path={`/runs/${encodeURIComponent(runId)}`}
      place={place}
      onMouseEnter={warm}
      onFocus={warm}
      {...rest}
    />
  );
}
