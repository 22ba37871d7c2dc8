import { term } from "../lib/query";
import { visible } from "../lib/text";
import { PlainLink, VALUE_LINK } from "./PlainLink";

interface FilterLinkProps {
  /** A name of the query language. */
  readonly name: string;
  readonly value: string;
  readonly className?: string;
  readonly tabIndex?: number;
}

/** A value that leads to all runs with the same. */
export function FilterLink({ name, value, className = "", tabIndex }: FilterLinkProps) {
  const search = { q: term(name, value) };
  return (
    <PlainLink
      path={`/?${new URLSearchParams(search)}`}
      place={{ to: "/", search }}
      tabIndex={tabIndex}
      className={`${VALUE_LINK} ${className}`}
      title={`${visible(value)}: all runs with this ${name.replaceAll("_", " ")}`}
    >
      {visible(value)}
    </PlainLink>
  );
}
