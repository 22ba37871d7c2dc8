/** JSON as it was written: JavaScript's own reader keeps no more digits of a number than a double has, and an id is its digits. */
import { parse } from "lossless-json";

/** Only such a text can hold a number that a double does not: sixteen digits or more, or a large exponent. */
const LONG_NUMBER = /(?:^|[:,[\s-])(?:\d[\d.]{15}|\d[\d.]*[eE][+-]?\d{3})/;

/** Reads JSON. A number that a double cannot hold becomes a text of its digits. */
export function parseJson(text: string): unknown {
  return LONG_NUMBER.test(text) ? parse(text, null, { parseNumber: exact }) : JSON.parse(text);
}

/** The same JSON, as a reader that rounds may read it. */
export function withExactNumbers(text: string): string {
  return LONG_NUMBER.test(text) ? JSON.stringify(parseJson(text)) : text;
}

function exact(written: string): number | string {
  const number = Number(written);
  return canonical(written) === canonical(String(number)) ? number : written;
}

/** A number's digits without zeros around them, and where its point is: the same for `0.10`, `1e-1` and `.1`. */
function canonical(written: string): string {
  const [, sign = "", whole = "", part = "", exponent = "0"] =
    /^(-?)(\d*)\.?(\d*)(?:[eE]([+-]?\d+))?$/.exec(written) ?? [];
  const digits = (whole + part).replace(/^0+/, "");
  const short = digits.replace(/0+$/, "");
  const power = Number(exponent) - part.length + digits.length - short.length;
  return short === "" ? "0" : `${sign}${short}e${power}`;
}
