import { visible } from "../lib/text";
import { PlainLink, VALUE_LINK } from "./PlainLink";

interface SessionLinkProps {
  readonly id: string;
  readonly className?: string;
  readonly tabIndex?: number;
}

/** A session that leads to its page. */
export function SessionLink({ id, className = "", tabIndex }: SessionLinkProps) {
  const search = { id };
  return (
    <PlainLink
      path={`/session?${new URLSearchParams(search)}`}
      place={{ to: "/session", search }}
      tabIndex={tabIndex}
      className={`${VALUE_LINK} ${className}`}
      title={`${visible(id)}: the runs of this session`}
    >
      {visible(id)}
    </PlainLink>
  );
}
