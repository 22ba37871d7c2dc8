/**
 * Text of telemetry may hold characters that reorder or hide what stands beside them (Trojan-Source style overrides,
 * zero-width characters). They are shown as what they are.
 */

/** A piece of text, or a control character that is shown by its name. */
export type Piece = { readonly text: string } | { readonly control: string; readonly name: string };

const NAMES: Readonly<Record<string, string>> = {
  "\u202a": "LRE",
  "\u202b": "RLE",
  "\u202c": "PDF",
  "\u202d": "LRO",
  "\u202e": "RLO",
  "\u2066": "LRI",
  "\u2067": "RLI",
  "\u2068": "FSI",
  "\u2069": "PDI",
  "\u200b": "ZWSP",
  "\u200e": "LRM",
  "\u200f": "RLM",
  "\u061c": "ALM",
  "\ufeff": "BOM",
};

const HIDDEN = /(?![\t\n\r])[\p{Cc}\u061c\u200b\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]/u;

/** Whether a text holds anything that must be made visible. */
export const hasHidden = (text: string): boolean => HIDDEN.test(text);

/** The text in pieces, hidden controls apart. */
export function pieces(text: string): Piece[] {
  if (!hasHidden(text)) return [{ text }];
  return text
    .split(new RegExp(`(${HIDDEN.source})`, "u"))
    .filter((piece) => piece !== "")
    .map((piece) =>
      piece.length === 1 && HIDDEN.test(piece) ? { control: piece, name: nameOf(piece) } : { text: piece },
    );
}

/** The text on which nothing is hidden: for titles and places that take no elements. */
export const plain = (text: string): string =>
  hasHidden(text)
    ? pieces(text)
        .map((piece) => ("text" in piece ? piece.text : `⟨${piece.name}⟩`))
        .join("")
    : text;

function nameOf(control: string): string {
  return NAMES[control] ?? `U+${control.charCodeAt(0).toString(16).toUpperCase().padStart(4, "0")}`;
}
