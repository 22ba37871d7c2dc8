/** What is searched for, as the address of the search page has it. Pure. */
import { term } from "../../lib/query";
import { lengthOf } from "../../lib/ranges";

/** What a text was sent as, in the words of the page and of `GET /v1/search`. */
export const KINDS = [
  ["messages", "Messages", "input,output,system"],
  ["arguments", "Tool arguments", "arguments"],
  ["results", "Tool results", "result"],
  ["errors", "Errors", "error"],
] as const;
export type Kind = (typeof KINDS)[number][0];

export interface Asked {
  readonly q: string;
  /** Only texts of these kinds; none: of all. */
  readonly kinds: readonly Kind[];
  /** Only in runs of this agent. */
  readonly agent: string;
  /** Only in runs that began within, such as `24h`. */
  readonly last: string;
  /** Only in runs that this query asks for. */
  readonly filter: string;
}

const text = (value: unknown): string => (typeof value === "string" ? value : "");

export function readAsked(search: Record<string, unknown>): Asked {
  const kinds = text(search["kinds"]).split(".");
  return {
    q: text(search["q"]),
    kinds: KINDS.map(([kind]) => kind).filter((kind) => kinds.includes(kind)),
    agent: text(search["agent"]),
    last: lengthOf(text(search["last"])) === null ? "" : text(search["last"]),
    filter: text(search["filter"]),
  };
}

/** Only what is set. */
export function writeAsked({ q, kinds, agent, last, filter }: Asked): Record<string, string> {
  const [words, within] = [q.trim(), filter.trim()];
  return {
    ...(words && { q: words }),
    ...(kinds.length > 0 && { kinds: kinds.join(".") }),
    ...(agent && { agent }),
    ...(last && { last }),
    ...(within && { filter: within }),
  };
}

/** The question to `GET /v1/search`. */
export function questionOf({ q, kinds, agent, last, filter }: Asked) {
  const purpose = KINDS.filter(([kind]) => kinds.includes(kind)).map(([, , purposes]) => purposes);
  const runs = [
    // What is typed may hold an OR.
    filter && (agent || last ? `(${filter})` : filter),
    agent && term("agent", agent),
    last && `started>=-${last}`,
  ].filter((part) => part !== "");
  return {
    q,
    ...(purpose.length > 0 && { purpose: purpose.join(",") }),
    ...(runs.length > 0 && { filter: runs.join(" ") }),
  };
}
