/** Whether this browser may read: an API key, given once, becomes a cookie that no script sees. */
import { Problem } from "./client";

export type Session = { key_required: boolean; signed_in: boolean };

async function ask(method: "GET" | "POST" | "DELETE", body?: object): Promise<Session> {
  const reply = await fetch("/v1/session", {
    method,
    credentials: "same-origin",
    ...(body && { body: JSON.stringify(body), headers: { "content-type": "application/json" } }),
  });
  const said: unknown = await reply.json().catch(() => null);
  if (!reply.ok) throw Problem.from(reply, said);
  return said as Session;
}

export const session = {
  read: () => ask("GET"),
  signIn: (key: string) => ask("POST", { key }),
  signOut: () => ask("DELETE"),
};
