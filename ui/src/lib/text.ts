/** Makes untrusted text safe to look at: invisible characters, and those that change the direction of text, are shown by name. */

/** Control and format characters, except line breaks, tabs and joiners of letters and emoji. */
const unseen = /(?![\n\r\t\u200c\u200d])[\p{Cc}\p{Cf}]/gu;

/** Control and direction characters as `⟨U+202E⟩`; everything else as it is. */
export function visible(text: string): string {
  return text.replace(unseen, (c) => `⟨${nameOf(c)}⟩`);
}

/** A piece of text, or the name of an invisible character. */
export type Piece = { readonly text: string } | { readonly unseen: string };

/** Splits a text so that invisible characters are separate pieces, to be marked as such. */
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

/** Letters and digits only. What is left of a text however it was drawn, quoted or cut. */
const bare = (text: string): string => text.normalize("NFKC").replace(/[^\p{L}\p{N}]+/gu, "");

/** Whether a text is told by another: all of its letters and digits stand in it, in their order. */
export const isToldBy = (text: string, told: string): boolean => bare(told).includes(bare(text));
