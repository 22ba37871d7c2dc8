/** The captured requests of the corpus, sent as their exporters sent them. */
import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { gunzipSync } from "node:zlib";
import type { Turnscope } from "./turnscope";

const folder = resolve(import.meta.dirname, "../../../tests/corpus");

export const producers: readonly string[] = readdirSync(folder, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name);

/** Sends what one producer sent, and returns how many requests that were. */
export async function sendCapture(server: Turnscope, producer: string): Promise<number> {
  let sent = 0;
  for (const name of readdirSync(join(folder, producer)).sort()) {
    const [, signal, format] = /^\d+\.(traces|logs|metrics)\.(pb|json)$/.exec(name) ?? [];
    if (!signal) continue;
    const type = format === "pb" ? "application/x-protobuf" : "application/json";
    const sidecar = join(folder, producer, name.replace(/\.(pb|json)$/, ".meta.json"));
    const { headers } = JSON.parse(readFileSync(sidecar, "utf8"));
    const body = readFileSync(join(folder, producer, name));
    const isPacked = headers["content-encoding"] === "gzip";
    await server.hand(`/v1/${signal}`, isPacked ? gunzipSync(body) : body, type);
    sent += 1;
  }
  return sent;
}

export async function sendCorpus(server: Turnscope): Promise<number> {
  const sent = await Promise.all(producers.map((producer) => sendCapture(server, producer)));
  await server.settle();
  return sent.reduce((all, one) => all + one, 0);
}
