/** Fixtures of the browser tests: a server with the demo's runs, an empty server, and a page that fails the test on errors. */
import { test as base, expect, type Page } from "@playwright/test";
import axe from "axe-core";
import { Turnscope } from "./turnscope";

export { expect };

export const test = base.extend<{ honest: undefined; fresh: Turnscope }, { demo: Turnscope }>({
  /** A server with sample runs, shared by the tests of a worker, which only read from it. */
  demo: [
    // biome-ignore lint/correctness/noEmptyPattern: Playwright reads from the pattern what a fixture needs
    async ({}, use) => {
      const server = await Turnscope.start("demo");
      await use(server);
      await server.stop();
    },
    { scope: "worker" },
  ],

  /** An empty server for one test. */
  // biome-ignore lint/correctness/noEmptyPattern: as above
  fresh: async ({}, use) => {
    const server = await Turnscope.start("serve");
    await use(server);
    await server.stop();
  },

  /** A test fails if the page throws, violates its content security policy or contacts another origin. */
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

/** The serious findings of axe, one line each. */
export async function barriers(page: Page): Promise<string[]> {
  await page.evaluate(axe.source);
  const found = await page.evaluate(() => (window as unknown as { axe: typeof axe }).axe.run());
  return found.violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .flatMap(({ id, nodes }) =>
      nodes.map(({ target, html }) => `${id}: ${target.join(" ")} ${html.slice(0, 160)}`),
    );
}
