/** The real binary on free ports and its own directory, stopped through its own process id. */
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

const binary =
  process.env["TURNSCOPE_BIN"] ?? resolve(import.meta.dirname, "../../../target/debug/turnscope");

export class Turnscope {
  readonly url: string;
  readonly otlp: string;
  private readonly child: ChildProcess;
  private readonly folder: string;

  private constructor(child: ChildProcess, folder: string, addresses: { listen: string; otlp_http: string }) {
    this.child = child;
    this.folder = folder;
    this.url = `http://${addresses.listen}`;
    this.otlp = `http://${addresses.otlp_http}`;
  }

  /** `serve` starts empty, `demo` with the stories, without the history before them. */
  static async start(command: "serve" | "demo", flags: string[] = []): Promise<Turnscope> {
    const folder = mkdtempSync(join(tmpdir(), "turnscope-ui-"));
    const ready = join(folder, "ready.json");
    const ports = ["--listen", "--otlp-grpc", "--otlp-http"].flatMap((flag) => [flag, "127.0.0.1:0"]);
    const stories = command === "demo" ? ["--no-history"] : [];
    const all = [
      command,
      ...stories,
      ...ports,
      "--data",
      join(folder, "data"),
      "--ready-file",
      ready,
      ...flags,
    ];
    const child = spawn(binary, all, { env: {}, stdio: ["ignore", "ignore", "pipe"] });
    let said = "";
    child.stderr.on("data", (bytes) => {
      said += bytes;
    });
    for (const until = Date.now() + 20_000; !existsSync(ready); ) {
      if (child.exitCode !== null || Date.now() > until) throw new Error(`${binary} is not ready: ${said}`);
      await new Promise((done) => setTimeout(done, 20));
    }
    return new Turnscope(child, folder, JSON.parse(readFileSync(ready, "utf8")));
  }

  /** Sends OTLP as JSON. */
  async send(body: object): Promise<void> {
    await this.post("/v1/traces", JSON.stringify(body), "application/json");
  }

  /** Sends a request body exactly as an exporter sent it, and waits until it can be read. */
  async post(path: string, body: string | Buffer<ArrayBuffer>, type: string): Promise<void> {
    await this.settle(await this.hand(path, body, type));
  }

  /** Sends a request body, and returns the name of its commit. */
  async hand(path: string, body: string | Buffer<ArrayBuffer>, type: string): Promise<string> {
    const reply = await fetch(this.otlp + path, { method: "POST", headers: { "content-type": type }, body });
    if (!reply.ok) throw new Error(`${path}: ${reply.status} ${await reply.text()}`);
    return reply.headers.get("turnscope-commit") ?? "all";
  }

  /** Waits until a commit can be read. */
  async settle(commit = "all"): Promise<void> {
    await fetch(`${this.url}/v1/runs?limit=1`, { headers: { "turnscope-wait-for": commit } });
  }

  /** The answer of the REST API. */
  // biome-ignore lint/suspicious/noExplicitAny: tests read arbitrary fields of replies
  async get(path: string): Promise<any> {
    return (await fetch(this.url + path)).json();
  }

  async stop(): Promise<void> {
    const ended = new Promise((done) => this.child.once("exit", done));
    this.child.kill("SIGTERM");
    await ended;
    rmSync(this.folder, { recursive: true, force: true });
  }
}
