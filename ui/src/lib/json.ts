/** JSON as it was written: JavaScript's own reader rounds whole numbers beyond 2^53, and an id is its digits. */
import { parse } from "lossless-json";

/** Only such a text can hold a whole number that is too long. Ids are in quotes, and fractions follow a dot. */
const LONG_NUMBER = /[:,[\s-]\d{16}/;

/** Reads JSON. A whole number beyond 2^53 becomes a text of its digits. */
export function parseJson(text: string): unknown {
  return LONG_NUMBER.test(text) ? parse(text, null, { parseNumber: exact }) : JSON.parse(text);
}

/** The same JSON, as a reader that rounds may read it. */
export function withExactNumbers(text: string): string {
  return LONG_NUMBER.test(text) ? JSON.stringify(parseJson(text)) : text;
}

function exact(digits: string): number | string {
  const number = Number(digits);
  return Number.isSafeInteger(number) || /[.eE]/.test(digits) ? number : digits;
}
