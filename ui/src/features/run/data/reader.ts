/** The page's side of the worker: request a path, get something that can be drawn. */
import { apiPath } from "../../../api/base";
import { Problem } from "../../../api/client";
import type { Value } from "./clip";
import type { Skeleton } from "./skeleton";

export interface Ask {
  readonly id: number;
  readonly path: string;
  readonly as: "value" | "skeleton";
}

export type Answer =
  | { readonly id: number; readonly state: "value"; readonly value: Value }
  | { readonly id: number; readonly state: "skeleton"; readonly skeleton: Skeleton }
  | { readonly id: number; readonly state: "refused"; readonly status: number; readonly problem: Value }
  | { readonly id: number; readonly state: "failed"; readonly message: string };

type Settle = { resolve(answer: Answer): void };

const waiting = new Map<number, Settle>();
let worker: Worker | undefined;
let lastId = 0;

function theWorker(): Worker {
  if (worker) return worker;
  worker = new Worker(new URL("./reader.worker.ts", import.meta.url), { type: "module" });
  worker.addEventListener("message", ({ data }: MessageEvent<Answer>) => {
    waiting.get(data.id)?.resolve(data);
    waiting.delete(data.id);
  });
  worker.addEventListener("error", ({ message }) => {
    for (const [id, { resolve }] of waiting)
      resolve({ id, state: "failed", message: message || "the reader ended" });
    waiting.clear();
    worker = undefined;
  });
  return worker;
}

function ask(path: string, as: Ask["as"]): Promise<Answer> {
  lastId += 1;
  const id = lastId;
  return new Promise((resolve) => {
    waiting.set(id, { resolve });
    theWorker().postMessage({ id, path: apiPath(path), as } satisfies Ask);
  });
}

/** A value of any size, with everything too large to draw replaced by blobs. */
export async function readValue(path: string): Promise<Value> {
  const answer = await ask(path, "value");
  if (answer.state === "value") return answer.value;
  throw toError(path, answer);
}

export async function readSkeleton(path: string): Promise<Skeleton> {
  const answer = await ask(path, "skeleton");
  if (answer.state === "skeleton") return answer.skeleton;
  throw toError(path, answer);
}

function toError(path: string, answer: Answer): Error {
  if (answer.state === "failed") return new Error(answer.message);
  if (answer.state === "refused") return Problem.from({ status: answer.status }, answer.problem);
  return new Error(`${path} gave something else than was asked for`);
}
