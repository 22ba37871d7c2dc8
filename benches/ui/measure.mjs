/**
 * Opens one page of the web UI in a real browser several times, and prints the medians as one line of JSON.
 *
 *     node measure.mjs URL ROWS PASSES      ROWS: the CSS selector of the rows to wait for
 *
 * Each pass uses a new browser context, so that nothing is cached. The browser itself is already running.
 * `turnscope-bench ui` starts a loaded server and calls this for each page. Playwright comes from `ui/`.
 */
import { createRequire } from "node:module";
import { scroll, settled, watch } from "./watch.mjs";

const { chromium } = createRequire(new URL("../../ui/package.json", import.meta.url))("@playwright/test");
const FRAMES = 240;
const LIMIT_MS = 60_000;

const [url, rows, passes] = process.argv.slice(2);
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  // Containers run as root, where Chromium's sandbox does not start.
  args: process.getuid() === 0 ? ["--no-sandbox"] : [],
});
try {
  const all = [];
  while (all.length < Number(passes)) all.push(await pass());
  const names = Object.keys(all[0]);
  console.log(JSON.stringify(Object.fromEntries(names.map((name) => [name, median(all.map((one) => one[name]))]))));
} finally {
  await browser.close();
}

async function pass() {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
  const page = await context.newPage();
  const devtools = await context.newCDPSession(page);
  await page.addInitScript(watch, rows);
  await page.goto(url, { timeout: LIMIT_MS });
  await page.waitForFunction(settled, undefined, { timeout: LIMIT_MS }).catch(async () => {
    throw new Error(`no rows, or no rest, at ${url}: ${(await page.locator("body").innerText()).slice(0, 300)}`);
  });
  const { rows: rowsMs, busyUntil } = await page.evaluate(() => globalThis.seen);
  const frames = (await page.evaluate(scroll, [rows, FRAMES])).sort((a, b) => a - b);
  await devtools.send("HeapProfiler.collectGarbage");
  const { usedSize } = await devtools.send("Runtime.getHeapUsage");
  await context.close();
  return {
    rows_ms: rowsMs,
    interactive_ms: Math.max(rowsMs, busyUntil),
    // A page that fits the screen has no frames to measure.
    frame_p95_ms: frames[Math.floor(frames.length * 0.95)] ?? null,
    heap_bytes: usedSize,
  };
}

function median(values) {
  return values.sort((a, b) => a - b)[Math.floor(values.length / 2)];
}
