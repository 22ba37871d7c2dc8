/** Text of others, made safe to look at: what cannot be seen, or turns the direction of what follows, is shown by name. */

/** Control and format characters, but for line breaks, tabs and what joins letters and emoji. */
const unseen = /(?![\n\r\t\u200c\u200d])[\p{Cc}\p{Cf}]/gu;

/** Control and direction characters as `⟨U+202E⟩`; everything else as it is. */
export function visible(text: string): string {
  return text.replace(unseen, (c) => `⟨${nameOf(c)}⟩`);
}

/** A piece of text, or the name of a character that cannot be seen. */
export type Piece = { readonly text: string } | { readonly unseen: string };

/** The text in pieces, what cannot be seen apart, to be marked as such. */
export function pieces(text: string): Piece[] {
  const found: Piece[] = [];
  let from = 0;
  for (const match of text.matchAll(unseen)) {
    if (match.index > from) found.push({ text: text.slice(from, match.index) });
    found.push({ unseen: nameOf(match[0]) });
    from = match.index + match[0].length;
  }
  if (from < text.length) found.push({ text: text.slice(from) });
  return found;
}

const nameOf = (c: string): string => `U+${c.codePointAt(0)?.toString(16).toUpperCase().padStart(4, "0")}`;

/** The beginning of a text in one line. */
export function oneLine(text: string | null | undefined, length = 240): string {
  return visible(
    (text ?? "")
      .slice(0, length * 2)
      .replace(/\s+/g, " ")
      .trim()
      .slice(0, length),
  );
}
