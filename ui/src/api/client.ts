/** The typed client of the REST API. Every error is a `Problem` that says what failed and what to do. */
import createClient, { type Middleware } from "openapi-fetch";
import { withExactNumbers } from "../lib/json";
import { apiPath } from "./base";
import type { paths } from "./schema";

/** An error as the server reports it (RFC 9457). */
export class Problem extends Error {
  readonly status: number;
  readonly detail: string | undefined;
  /** Where in the query it is wrong, and how many characters are. */
  readonly position: number | undefined;
  readonly length: number | undefined;

  constructor(
    status: number,
    title: string,
    more: Pick<Partial<Problem>, "detail" | "position" | "length"> = {},
  ) {
    super(title);
    this.status = status;
    this.detail = more.detail;
    this.position = more.position;
    this.length = more.length;
  }

  static from(response: Pick<Response, "status">, body: unknown): Problem {
    const said = typeof body === "object" && body !== null ? (body as Record<string, unknown>) : {};
    const title =
      typeof said["title"] === "string" ? said["title"] : `the server answered ${response.status}`;
    const text = (value: unknown) => (typeof value === "string" ? value : undefined);
    const number = (value: unknown) => (typeof value === "number" ? value : undefined);
    return new Problem(response.status, title, {
      detail: text(said["detail"]),
      position: number(said["position"]),
      length: number(said["length"]),
    });
  }
}

/** Why a request failed, in words: what the server said, or that it said nothing. */
export const whyFailed = (error: unknown): string =>
  error instanceof Problem ? error.message : "the server could not be reached";

/** Replies keep the digits of long numbers: the client's own reader rounds them. */
const exactNumbers: Middleware = {
  async onResponse({ response }) {
    if (!response.headers.get("content-type")?.includes("json")) return undefined;
    const text = await response.text();
    const { status, statusText, headers } = response;
    return new Response(withExactNumbers(text), { status, statusText, headers });
  },
};

export const api = createClient<paths>({ baseUrl: apiPath("/"), credentials: "same-origin" });
api.use(exactNumbers);

/** Returns the data of a reply, or throws its problem. */
export function must<T>(reply: { data?: T; error?: unknown; response: Response }): T {
  if (!reply.response.ok || reply.data === undefined) {
    throw Problem.from(reply.response, reply.error);
  }
  return reply.data;
}

/** Throws the problem of a reply, if there is one: for requests whose answer holds nothing that is wanted. */
export function done(reply: { error?: unknown; response: Response }): void {
  if (!reply.response.ok) throw Problem.from(reply.response, reply.error);
}

/** As `must`; null where the server does not know the path, because it is older than the page. */
export const mustOrNull = <T>(reply: Parameters<typeof must<T>>[0]): T | null =>
  reply.response.status === 404 ? null : must(reply);
