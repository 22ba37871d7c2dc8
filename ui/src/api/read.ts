/** Reads an answer as it is: too large for the page's own thread, or to be copied. Without the typed client, so that a worker stays small. */
import { parseJson } from "../lib/json";

export interface Answered {
  readonly ok: boolean;
  readonly status: number;
  /** Null if it is no JSON. */
  readonly body: unknown;
}

/** `url`: as `apiPath` gives it, since a worker has no page to look at. */
export async function read(url: string): Promise<Answered> {
  const response = await fetch(url, { headers: { accept: "application/json" } });
  const body: unknown = await response
    .text()
    .then(parseJson)
    .catch(() => null);
  return { ok: response.ok, status: response.status, body };
}

/** The text of an answer, as it came. */
export async function readText(url: string): Promise<string> {
  const response = await fetch(url);
  const text = await response.text();
  if (!response.ok) throw new Error(`the server answered ${response.status}`);
  return text;
}
