import { resolve } from "node:path";
import type { Page } from "@playwright/test";
import { expect, test } from "../tests/support/test";
import type { Turnscope } from "../tests/support/turnscope";

type Picture = {
  name: string;
  path: (demo: Turnscope) => Promise<string> | string;
  dark?: boolean;
  narrow?: boolean;
  /** What must be visible before the picture is taken. */
  ready: (page: Page) => Promise<void>;
};

const runOf = async (demo: Turnscope, agent: string): Promise<string> =>
  (await demo.get(`/v1/runs?agent=${agent}&limit=1&roots_only=true`)).runs[0].run_id;
const run = (agent: string, view: string) => async (demo: Turnscope) =>
  `runs/${await runOf(demo, agent)}?view=${view}`;
const sees = (text: string | RegExp) => async (page: Page) =>
  expect(page.getByText(text).first()).toBeVisible();
const listed = async (page: Page) => {
  await expect(page.getByRole("row").filter({ hasText: "support-desk" })).toBeVisible();
  await expect(page.getByRole("img", { name: /over time/ }).locator("svg")).toBeVisible();
};

const pictures: Picture[] = [
  { name: "runs", path: () => "", ready: listed },
  { name: "runs-dark", path: () => "", dark: true, ready: listed },
  { name: "runs-narrow", path: () => "", narrow: true, ready: sees("Good news, Maya") },
  {
    name: "peek",
    path: async (demo) => `?peek=${await runOf(demo, "treasury")}`,
    ready: async (page) => {
      await listed(page);
      await sees("October is closed")(page);
    },
  },
  { name: "run-story", path: run("support-desk", "story"), ready: sees("Turn 1") },
  { name: "run-tree", path: run("support-desk", "tree"), ready: sees("get_order") },
  { name: "run-timeline", path: run("incident-review", "timeline"), dark: true, ready: sees(/chat /) },
  { name: "run-context", path: run("incident-review", "context"), ready: sees("What the tokens went into") },
  { name: "search", path: () => "search?q=refund", ready: sees("messages match") },
  { name: "settings", path: () => "settings", ready: sees("Everything works.") },
  { name: "start", path: () => "start", ready: sees("Waiting for a span") },
];

for (const { name, path, dark = false, narrow = false, ready } of pictures) {
  test(name, async ({ page, demo }) => {
    await page.emulateMedia({ colorScheme: dark ? "dark" : "light", reducedMotion: "reduce" });
    if (narrow) await page.setViewportSize({ width: 360, height: 740 });
    await page.goto(`${demo.url}/ui/${await path(demo)}`);
    await ready(page);
    await page.waitForLoadState("networkidle", { timeout: 1500 }).catch(() => undefined);
    await page.screenshot({ path: resolve(import.meta.dirname, `../../docs/images/ui-${name}.png`) });
  });
}
