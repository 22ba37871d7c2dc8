/**
 * Reads large answers away from the page's thread: parses them, and hands over what the page can draw (`clip.ts`)
 * or compute with (`skeleton.ts`).
 */

import type { Columns } from "./api";
import { clip } from "./clip";
import type { Answer, Ask } from "./reader";
import { toSkeleton, transferable } from "./skeleton";

self.addEventListener("message", async ({ data }: MessageEvent<Ask>) => {
  const [answer, transfer] = await read(data);
  self.postMessage(answer, { transfer });
});

async function read({ id, path, as }: Ask): Promise<[Answer, Transferable[]]> {
  try {
    const response = await fetch(path, { headers: { accept: "application/json" } });
    const body: unknown = await response.json().catch(() => null);
    if (!response.ok) return [{ id, state: "refused", status: response.status, problem: clip(body) }, []];
    if (as === "value") return [{ id, state: "value", value: clip(body) }, []];
    const skeleton = toSkeleton(body as Columns);
    return [{ id, state: "skeleton", skeleton }, transferable(skeleton)];
  } catch (error) {
    return [{ id, state: "failed", message: String(error) }, []];
  }
}
