/** The world of a browser test: a server with the demo's runs, an empty one, and a page that may not misbehave. */
import { test as base, expect, type Page } from "@playwright/test";
import axe from "axe-core";
import { Turnscope } from "./turnscope";

export { expect };

export const test = base.extend<{ honest: undefined; fresh: Turnscope }, { demo: Turnscope }>({
  /** Sample runs, shared by the tests of a worker: they read it only. */
  demo: [
    // biome-ignore lint/correctness/noEmptyPattern: Playwright reads from the pattern what a fixture needs
    async ({}, use) => {
      const server = await Turnscope.start("demo");
      await use(server);
      await server.stop();
    },
    { scope: "worker" },
  ],

  /** An empty server of the test's own. */
  // biome-ignore lint/correctness/noEmptyPattern: as above
  fresh: async ({}, use) => {
    const server = await Turnscope.start("serve");
    await use(server);
    await server.stop();
  },

  /** No test passes while the page throws, breaks its content security policy or asks another origin. */
  honest: [
    async ({ page }, use) => {
      const wrong: string[] = [];
      page.on("pageerror", (error) => wrong.push(`thrown: ${error.message}`));
      page.on("console", (message) => {
        if (/Content Security Policy|Refused to/.test(message.text())) wrong.push(message.text());
      });
      page.on("request", (request) => {
        const { hostname, protocol } = new URL(request.url());
        if (hostname !== "127.0.0.1" && protocol !== "data:" && protocol !== "blob:")
          wrong.push(`asked ${request.url()}`);
      });
      await use(undefined);
      expect(wrong).toEqual([]);
    },
    { auto: true },
  ],
});

/** What axe finds that is serious, in one line each. */
export async function barriers(page: Page): Promise<string[]> {
  await page.evaluate(axe.source);
  const found = await page.evaluate(() => (window as unknown as { axe: typeof axe }).axe.run());
  return found.violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .flatMap(({ id, nodes }) =>
      nodes.map(({ target, html }) => `${id}: ${target.join(" ")} ${html.slice(0, 160)}`),
    );
}
