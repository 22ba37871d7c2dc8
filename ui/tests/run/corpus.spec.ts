import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Turnscope } from "../support/turnscope";
import { expect, test } from "./world";

const CORPUS = join(import.meta.dirname, "../../../tests/corpus");

/** Sends a framework's captured requests one by one, and expects the same ones to be refused. */
async function replay(server: Turnscope, folder: string): Promise<void> {
  for (const file of readdirSync(folder).sort()) {
    const [, signal, ending] = /^\d+\.(traces|logs)\.(pb|json)$/.exec(file) ?? [];
    if (!signal) continue;
    const type = ending === "json" ? "application/json" : "application/x-protobuf";
    await server.post(`/v1/${signal}`, readFileSync(join(folder, file)), type).catch(() => undefined);
  }
}

test("what real frameworks sent is told: every run has its turns, and none breaks the page", async ({
  page,
  server,
}) => {
  test.setTimeout(300_000);
  for (const producer of readdirSync(CORPUS, { withFileTypes: true })) {
    if (producer.isDirectory()) await replay(server, join(CORPUS, producer.name));
  }
  const { runs } = await server.get("/v1/runs?limit=500&roots_only=true");
  expect(runs.length).toBeGreaterThan(100);
  const seen = new Set<string>();
  for (const run of runs) {
    const shape = `${run.dialect} ${run.turn_count > 0} ${run.tool_call_count > 0} ${run.status}`;
    if (seen.has(shape)) continue;
    seen.add(shape);
    await page.goto(`${server.url}/ui/runs/${run.run_id}`);
    const story = page.getByTestId("story");
    if (run.turn_count > 0) {
      await expect(story.getByRole("heading", { name: /^Turn \d+$/ }).first()).toBeVisible();
      await expect(story.locator('[class*="animate-pulse"]')).toHaveCount(0);
      await expect(story.getByRole("alert")).toHaveCount(0);
    } else {
      await expect(story).not.toBeEmpty();
    }
    await page.keyboard.press("g");
    await expect(page.getByRole("treeitem").first()).toBeVisible();
  }
});
