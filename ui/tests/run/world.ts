/** A run's page on a server of the worker's own with the demo's runs, because these tests write to it. */
import { test as base, expect } from "../support/test";
import { Turnscope } from "../support/turnscope";

export { expect };

type OpenRun = (name: string, search?: string) => Promise<void>;

export const test = base.extend<{ openRun: OpenRun }, { server: Turnscope }>({
  server: [
    // biome-ignore lint/correctness/noEmptyPattern: Playwright reads from the pattern what a fixture needs
    async ({}, use) => {
      const server = await Turnscope.start("demo");
      await use(server);
      await server.stop();
    },
    { scope: "worker" },
  ],

  /** Opens the run of this name (or id). */
  openRun: async ({ page, server }, use) => {
    await use(async (name, search = "") => {
      const { runs } = await server.get("/v1/runs?limit=100");
      const id = runs.find((run: { name: string }) => run.name === name)?.run_id ?? name;
      await page.goto(`${server.url}/ui/runs/${id}${search}`);
    });
  },
});
