/** Where the API is: below the prefix of a reverse proxy, if there is one. The server writes it into the page. */
const base = globalThis.document?.querySelector<HTMLMetaElement>("meta[name=turnscope-api]")?.content ?? "/";

/** A path of the API, such as `/v1/runs`, as the browser must ask for it. */
export const apiPath = (path: string): string => base.replace(/\/$/, "") + path;
