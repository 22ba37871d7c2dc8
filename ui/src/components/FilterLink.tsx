import { useRouter } from "@tanstack/react-router";
import type { MouseEvent } from "react";
import { term } from "../features/runs/query";
import { visible } from "../lib/text";

interface FilterLinkProps {
  /** A name of the query language. */
  readonly name: string;
  readonly value: string;
  readonly className?: string;
  readonly tabIndex?: number;
}

/** A value that leads to all runs with the same. Like `RunLink`, it is not redrawn by every navigation. */
export function FilterLink({ name, value, className = "", tabIndex }: FilterLinkProps) {
  const router = useRouter();
  const search = { q: term(name, value) };
  const follow = (event: MouseEvent) => {
    if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    router.navigate({ to: "/", search });
  };
  return (
    <a
      href={`${router.basepath.replace(/\/$/, "")}/?${new URLSearchParams(search)}`}
      onClick={follow}
      tabIndex={tabIndex}
      className={`decoration-line underline-offset-2 hover:text-accent hover:underline hover:decoration-current ${className}`}
      title={`${visible(value)}: all runs with this ${name.replaceAll("_", " ")}`}
    >
      {visible(value)}
    </a>
  );
}
