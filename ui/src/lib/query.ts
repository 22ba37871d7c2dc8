/**
 * The query line as text: its conditions, and what is being typed at the caret.
 *
 * The server parses the language (`q=`, docs/query.md). This file has only what editing needs. Pure.
 */

/** Where what is in quotes from `from` on ends; -1 if it never does. Two quotes in it are one. */
function quoteEnd(query: string, from: number): number {
  for (let at = from + 1; at < query.length; at++) {
    if (query[at] !== '"') continue;
    if (query[at + 1] !== '"') return at + 1;
    at++;
  }
  return -1;
}

/** Splits at spaces outside quotes and parentheses. */
function pieces(query: string): string[] {
  const found: string[] = [];
  let start = 0;
  let depth = 0;
  for (let at = 0; at <= query.length; at++) {
    const c = query[at];
    if (c === '"') {
      const end = quoteEnd(query, at);
      at = end < 0 ? query.length - 1 : end - 1;
    }
    if (c === "(") depth++;
    else if (c === ")") depth = Math.max(0, depth - 1);
    else if (c === undefined || (depth === 0 && /\s/.test(c))) {
      if (at > start) found.push(query.slice(start, at));
      start = at + 1;
    }
  }
  return found;
}

/** The conditions that must all hold. A query with OR outside parentheses is one. */
export function termsOf(query: string): string[] {
  const all = pieces(query);
  if (all.includes("OR")) return [query.trim()];
  const terms: string[] = [];
  let before = "";
  for (const piece of all) {
    if (piece === "NOT") before += "NOT ";
    else if (piece !== "AND") {
      terms.push(before + piece);
      before = "";
    }
  }
  return before ? [...terms, before.trim()] : terms;
}

/** The query with a condition added, or removed if it was there. */
export function toggled(query: string, term: string): string {
  const terms = termsOf(query);
  const rest = terms.filter((one) => one !== term);
  if (rest.length < terms.length) return rest.join(" ");
  return [...terms.map((one) => (pieces(one).includes("OR") ? `(${one})` : one)), term].join(" ");
}

/** Fields in which a star is a letter. */
const ids = ["session", "session_id", "user", "user_id", "native_run_id"];

/** A value as the query takes it: in quotes if necessary, with stars that stand for themselves. */
export function written(name: string, value: string): string {
  const text = ids.includes(name) ? value : value.replaceAll("*", "\\*");
  return text === "" || /[\s(),"]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** `name:value`. */
export function term(name: string, value: string): string {
  return `${name}:${written(name, value)}`;
}

/** What can be completed: the part of the query from `from` to `to`, and how it begins. */
export type Piece =
  | { kind: "name"; prefix: string; from: number; to: number }
  | { kind: "value"; name: string; prefix: string; from: number; to: number };

/** The part around the caret; null inside a quoted search and where a number is typed. */
export function pieceAt(query: string, caret: number): Piece | null {
  let name = "";
  let from = 0;
  // What is at the caret: the name of a field, a value, or neither.
  let state: "name" | "value" | "other" = "name";
  let at = 0;
  while (at < caret) {
    const c = query.charAt(at);
    if (c === '"') {
      const end = quoteEnd(query.slice(0, caret), at);
      if (end < 0) {
        if (state !== "value" || at !== from) return null;
        const prefix = query.slice(at + 1, caret).replaceAll('""', '"');
        const to = quoteEnd(query, at);
        return { kind: "value", name, prefix, from, to: to < 0 ? query.length : to };
      }
      at = end;
      if (state === "name") state = "other";
      continue;
    }
    at++;
    if (/[\s()]/.test(c) || (c === "-" && state === "name" && at - 1 === from)) {
      state = "name";
      from = at;
    } else if (c === ":" && state === "name") {
      name = query.slice(from, at - 1);
      state = "value";
      from = at;
    } else if (/[<>]/.test(c) && state === "name") state = "other";
    else if (c === "," && state === "value") from = at;
  }
  if (state === "other") return null;
  const to = caret + (/^[^\s"(),]*/.exec(query.slice(caret))?.[0].length ?? 0);
  const prefix = query.slice(from, caret);
  if (state === "name") return { kind: "name", prefix, from, to };
  return prefix.startsWith('"') ? null : { kind: "value", name, prefix, from, to };
}

/** The query and caret after taking a completion, which is written as the query takes it. */
export function completed(query: string, piece: Piece, text: string): { query: string; caret: number } {
  const end = piece.kind === "value" ? " " : "";
  const rest = query.slice(piece.to).replace(/^ /, end === " " ? "" : " ");
  return {
    query: query.slice(0, piece.from) + text + (rest.startsWith(")") ? "" : end) + rest,
    caret: piece.from + text.length + end.length,
  };
}

/** A query cut where the server says that it is wrong. It counts characters, not UTF-16 units. */
export function around(query: string, position: number, length: number): [string, string, string] {
  const chars = Array.from(query);
  const part = (from: number, to?: number) => chars.slice(from, to).join("");
  return [part(0, position), part(position, position + length), part(position + length)];
}
