import { barriers, expect, test } from "./support/test";
import { Turnscope } from "./support/turnscope";

test("every page is a link, has no barrier, and stays within its policy", async ({ page, demo }) => {
  for (const path of ["", "search", "start", "settings"]) {
    const reply = await page.goto(`${demo.url}/ui/${path}`);
    expect(reply?.headers()["content-security-policy"]).toContain("script-src 'self'");
    await expect(page.getByRole("navigation", { name: "Pages" })).toBeVisible();
    await page.waitForLoadState("networkidle", { timeout: 2000 }).catch(() => undefined);
    expect(await barriers(page), `/ui/${path}`).toEqual([]);
  }
});

test("the first load stays under 250 kB of script", async ({ page, demo }) => {
  const scripts: Promise<number>[] = [];
  page.on("response", (reply) => {
    if (reply.url().endsWith(".js"))
      scripts.push(
        reply
          .request()
          .sizes()
          .then(({ responseBodySize }) => responseBodySize),
      );
  });
  await page.goto(`${demo.url}/ui/`);
  await expect(page.getByRole("row").filter({ hasText: "support-desk" })).toBeVisible();
  await expect(page.getByRole("img", { name: /over time/ })).toBeVisible();
  const bytes = (await Promise.all(scripts)).reduce((sum, size) => sum + size, 0);
  expect(bytes).toBeGreaterThan(50_000);
  expect(bytes).toBeLessThan(250_000);
});

test("scripts are kept for good, the page is asked for again, and what is gone is not found", async ({
  demo,
}) => {
  const page = await fetch(`${demo.url}/ui/runs/anything`);
  expect(page.headers.get("cache-control")).toBe("no-cache");
  const [, script] = /src="(\/ui\/assets\/[^"]+\.js)"/.exec(await page.text()) ?? [];
  const reply = await fetch(demo.url + script);
  expect(reply.headers.get("cache-control")).toBe("public, max-age=31536000, immutable");
  expect(reply.headers.get("content-encoding")).toBe("gzip");
  const again = await fetch(demo.url + script, {
    headers: { "if-none-match": reply.headers.get("etag") ?? "" },
  });
  expect(again.status).toBe(304);
  expect((await fetch(`${demo.url}/ui/assets/gone.js`)).status).toBe(404);
});

test("a tab that is older than its server loads itself again, but not for ever", async ({ page, demo }) => {
  let loads = 0;
  page.on("load", () => {
    loads += 1;
  });
  await page.route(/\/assets\/SearchPage-/, (route) => route.fulfill({ status: 404 }));
  await page.goto(`${demo.url}/ui/`);
  const run = page.getByRole("row").filter({ hasText: "support-desk" });
  const search = page.getByRole("link", { name: "Search" });
  await expect(run).toBeVisible();
  await search.hover(); // which preloads the script of the linked page
  await expect.poll(() => loads).toBe(2);
  await expect(run).toBeVisible();
  await search.click();
  await expect(page.getByRole("alert")).toContainText("This page could not be loaded");
  expect(loads).toBeLessThanOrEqual(3); // the router retries once by itself
});

test("the UI can stand under another path", async ({ page }) => {
  const server = await Turnscope.start("demo", ["--ui-path", "/watch/agents"]);
  try {
    await page.goto(server.url);
    await expect(page).toHaveURL(`${server.url}/watch/agents/`);
    await expect(page.getByRole("img", { name: /over time/ })).toBeVisible();
    await page.getByRole("link", { name: "Settings" }).click();
    await expect(page).toHaveURL(`${server.url}/watch/agents/settings`);
    await page.reload();
    await expect(page.getByText("Everything works.")).toBeVisible();
  } finally {
    await server.stop();
  }
});
