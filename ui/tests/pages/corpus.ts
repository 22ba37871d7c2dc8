/** The captured requests of the corpus, sent as their exporters sent them. */
import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { gunzipSync } from "node:zlib";
import type { Turnscope } from "../support/turnscope";

const folder = resolve(import.meta.dirname, "../../../tests/corpus");

export async function sendCorpus(server: Turnscope): Promise<number> {
  let sent = 0;
  for (const producer of readdirSync(folder, { withFileTypes: true }).filter((entry) =>
    entry.isDirectory(),
  )) {
    for (const name of readdirSync(join(folder, producer.name)).sort()) {
      const [, signal, format] = /^\d+\.(traces|logs|metrics)\.(pb|json)$/.exec(name) ?? [];
      if (!signal) continue;
      const type = format === "pb" ? "application/x-protobuf" : "application/json";
      const sidecar = join(folder, producer.name, name.replace(/\.(pb|json)$/, ".meta.json"));
      const { headers } = JSON.parse(readFileSync(sidecar, "utf8"));
      const body = readFileSync(join(folder, producer.name, name));
      await server.post(
        `/v1/${signal}`,
        headers["content-encoding"] === "gzip" ? gunzipSync(body) : body,
        type,
      );
      sent += 1;
    }
  }
  return sent;
}
