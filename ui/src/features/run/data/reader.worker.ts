/**
 * Fetches and parses large answers off the main thread, and passes on what the page can draw (`clip.ts`) or compute with
 * (`skeleton.ts`).
 */
import { read } from "../../../api/read";
import type { Columns } from "../../../api/types";
import { clip } from "./clip";
import type { Answer, Ask } from "./reader";
import { toSkeleton, transferable } from "./skeleton";

self.addEventListener("message", async ({ data }: MessageEvent<Ask>) => {
  const [answer, transfer] = await answerTo(data);
  self.postMessage(answer, { transfer });
});

async function answerTo({ id, path, as }: Ask): Promise<[Answer, Transferable[]]> {
  try {
    const { ok, status, body } = await read(path);
    if (!ok) return [{ id, state: "refused", status, problem: clip(body) }, []];
    if (as === "value") return [{ id, state: "value", value: clip(body) }, []];
    const windows: [Columns, ...Columns[]] = [body as Columns];
    // A run can be of any size, so fetch window after window to the last.
    for (let from = windows[0].next_from; from != null; from = windows.at(-1)?.next_from) {
      const next = await read(`${path}&from=${from}`);
      if (!next.ok) return [{ id, state: "refused", status: next.status, problem: clip(next.body) }, []];
      windows.push(next.body as Columns);
    }
    const skeleton = toSkeleton(windows);
    return [{ id, state: "skeleton", skeleton }, transferable(skeleton)];
  } catch (error) {
    return [{ id, state: "failed", message: String(error) }, []];
  }
}
