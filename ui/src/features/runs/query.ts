/**
 * The query line as text: its terms, and what is being typed at the caret.
 *
 * The server parses the language (`q=`). This file has only what editing needs. Pure.
 */

/** Splits at spaces outside quotes, as the server does. */
export function termsOf(query: string): string[] {
  return query.match(/(?:"[^"]*"?|[^\s"])+/g) ?? [];
}

/** The query with a term added, or removed if it was there. */
export function toggled(query: string, term: string): string {
  const terms = termsOf(query);
  const rest = terms.filter((one) => one !== term);
  return (rest.length === terms.length ? [...terms, term] : rest).join(" ");
}

/** `name:value`, with the value quoted if necessary. */
export function term(name: string, value: string): string {
  const bare = value.replaceAll('"', "");
  return `${name}:${/[\s,]/.test(bare) ? `"${bare}"` : bare}`;
}

/** What can be completed: the part of the query from `from` to `to`, and how it begins. */
export type Piece =
  | { kind: "name"; prefix: string; from: number; to: number }
  | { kind: "value"; name: string; prefix: string; from: number; to: number };

/** The part around the caret; null inside a quoted search. */
export function pieceAt(query: string, caret: number): Piece | null {
  const before = query.slice(0, caret);
  const start = before.length - (/(?:"[^"]*"?|[^\s"])*$/.exec(before)?.[0].length ?? 0);
  const to = caret + (/^[^\s"]*/.exec(query.slice(caret))?.[0].length ?? 0);
  const typed = before.slice(start);
  if (typed.startsWith('"')) return null;
  const sign = typed.startsWith("-") ? 1 : 0;
  const colon = typed.indexOf(":");
  if (colon < 0) return { kind: "name", prefix: typed.slice(sign), from: start + sign, to };
  const after = Math.max(colon, typed.lastIndexOf(",")) + 1;
  const prefix = typed.slice(after).replaceAll('"', "");
  return { kind: "value", name: typed.slice(sign, colon), prefix, from: start + after, to };
}

/** The query and caret after taking a completion. */
export function completed(query: string, piece: Piece, text: string): { query: string; caret: number } {
  const written = piece.kind === "value" && /[\s,]/.test(text) ? `"${text.replaceAll('"', "")}"` : text;
  const end = piece.kind === "value" ? " " : "";
  const rest = query.slice(piece.to).replace(/^ /, end === " " ? "" : " ");
  return {
    query: query.slice(0, piece.from) + written + end + rest,
    caret: piece.from + written.length + end.length,
  };
}
