/** Managing runs, links that people write, and a server that goes away and comes back. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "../support/test";
import { runs } from "./agent";

test("a page whose script cannot be loaded waits for the server", async ({ page, demo }) => {
  await page.goto(`${demo.url}/ui/`);
  await page.getByRole("row").nth(2).waitFor();
  await page.route(/SettingsPage/, (route) => route.abort());
  await page.route(/\/health$/, (route) => route.abort());
  await page.getByRole("link", { name: "Settings" }).click();
  await expect(page.getByRole("alert")).toContainText("This page could not be loaded");
  await page.unroute(/SettingsPage/);
  await page.unroute(/\/health$/);
  await page.getByRole("button", { name: "Try again" }).click();
  await expect(page.getByRole("heading", { name: "Settings and health" })).toBeVisible();
});

test("a hand-written link keeps its quotes, and a filter of digits is one", async ({ page, demo }) => {
  await page.goto(`${demo.url}/ui/?q="lamp"`);
  await expect(page.getByLabel("Filter runs")).toHaveValue('"lamp"');
  await page.goto(`${demo.url}/ui/search?q="desk lamp"`);
  await expect(page.getByRole("searchbox")).toHaveValue('"desk lamp"');
  await page.goto(`${demo.url}/ui/?q=4417`);
  await expect(page.getByLabel("Filter runs")).toHaveValue("4417");
});

test("a run is deleted from its page, unless that is undone in time", async ({ page, fresh }) => {
  const span = (n: number) => ({
    traceId: `${n}`.repeat(32),
    spanId: `${n}`.repeat(16),
    name: `invoke_agent a${n}`,
    startTimeUnixNano: `${1_790_000_000 + n}000000000`,
    endTimeUnixNano: `${1_790_000_001 + n}000000000`,
    attributes: [
      { key: "gen_ai.operation.name", value: { stringValue: "invoke_agent" } },
      { key: "gen_ai.agent.name", value: { stringValue: `a${n}` } },
    ],
  });
  await fresh.send({ resourceSpans: [{ scopeSpans: [{ spans: [span(1), span(2)] }] }] });
  const { runs } = await fresh.get("/v1/runs");
  const first = runs.find(({ name }: { name: string }) => name === "a1").run_id;
  await page.goto(`${fresh.url}/ui/runs/${first}`);
  await page.getByRole("button", { name: "Delete this run" }).click();
  await expect(page.getByRole("row").filter({ hasText: "a1 was deleted" })).toBeVisible();
  await page.getByRole("button", { name: "Undo" }).click();
  await expect(page.getByRole("link", { name: "a1" })).toBeVisible();
  expect((await fresh.get("/v1/runs")).runs).toHaveLength(2);
  await page.getByRole("link", { name: "a1" }).click();
  await page.getByRole("button", { name: "Delete this run" }).click();
  await expect.poll(async () => (await fresh.get("/v1/runs")).runs.length, { timeout: 15_000 }).toBe(1);
});

test("several runs are selected, tagged and deleted", async ({ page, fresh }) => {
  const span = (n: number) => ({
    traceId: `${n}`.repeat(32),
    spanId: `${n}`.repeat(16),
    name: `invoke_agent b${n}`,
    startTimeUnixNano: `${1_790_000_000 + n}000000000`,
    endTimeUnixNano: `${1_790_000_001 + n}000000000`,
    attributes: [
      { key: "gen_ai.operation.name", value: { stringValue: "invoke_agent" } },
      { key: "gen_ai.agent.name", value: { stringValue: `b${n}` } },
    ],
  });
  await fresh.send({ resourceSpans: [{ scopeSpans: [{ spans: [span(1), span(2), span(3)] }] }] });
  await page.goto(`${fresh.url}/ui/`);
  await page.getByRole("checkbox", { name: "Select b3" }).check();
  await page.getByRole("checkbox", { name: "Select b1" }).check();
  const bar = page.getByRole("region", { name: "Selected runs" });
  await expect(bar.getByRole("status")).toHaveText("2 selected");
  await bar.getByLabel("Tag for the selected runs").fill("keep");
  await page.keyboard.press("Enter");
  const tagged = async () =>
    (await fresh.get("/v1/runs?q=tag:keep")).runs.map((run: { name: string }) => run.name);
  await expect.poll(tagged).toEqual(["b3", "b1"]);
  const saving = page.waitForEvent("download");
  await bar.getByRole("button", { name: "Export as OTLP" }).click();
  expect((await saving).suggestedFilename()).toBe("turnscope-runs.otlp.json");
  await bar.getByRole("button", { name: "Delete" }).click();
  await expect(bar).toHaveCount(0);
  await expect.poll(async () => (await fresh.get("/v1/runs")).runs.length, { timeout: 15_000 }).toBe(1);
});

test("an export of selected runs has the log records that tell of them", async ({ page, fresh }) => {
  const sent = join(import.meta.dirname, "../../../tests/corpus/codex-cli/0003.logs.pb");
  await fresh.post("/v1/logs", readFileSync(sent), "application/x-protobuf");
  const [run] = (await fresh.get("/v1/runs")).runs;
  const exported = await fresh.get(`/v1/runs/${run.run_id}/export?format=otlp`);
  expect(exported.resourceLogs).not.toHaveLength(0);
  await page.goto(`${fresh.url}/ui/`);
  await page
    .getByRole("checkbox", { name: `Select ${run.name}` })
    .first()
    .check();
  const saving = page.waitForEvent("download");
  await page.getByRole("button", { name: "Export as OTLP" }).click();
  expect(JSON.parse(readFileSync(await (await saving).path(), "utf8"))).toEqual(exported);
});

test("a deletion that fails is told beside one that can still be undone, and loses it not", async ({
  page,
  fresh,
}) => {
  await fresh.send(runs([1, 2, 3].map((n) => ({ n, agent: `c${n}` }))));
  const listed = (await fresh.get("/v1/runs")).runs as { name: string; run_id: string }[];
  const id = (name: string) => listed.find((run) => run.name === name)?.run_id;
  await page.route(`**/v1/runs/${id("c1")}`, (route) =>
    route.request().method() === "DELETE"
      ? route.fulfill({ status: 500, json: { title: "the disk is full", status: 500 } })
      : route.continue(),
  );
  const remove = async (name: string) => {
    await page.getByRole("link", { name, exact: true }).click();
    await page.getByRole("button", { name: "Delete this run" }).click();
    await expect(page.getByRole("row").filter({ hasText: `${name} was deleted` })).toBeVisible();
  };
  await page.goto(`${fresh.url}/ui/`);
  await remove("c1");
  // The next deletion carries out the one before.
  await remove("c2");
  await expect(page.getByRole("alert")).toContainText("c1 was not deleted: the disk is full");
  await expect(page.getByRole("button", { name: "Undo" })).toBeVisible();
  await expect(page.getByRole("link", { name: "c1", exact: true })).toBeVisible();
  const left = async () => (await fresh.get("/v1/runs")).runs.map((run: { name: string }) => run.name).sort();
  await expect.poll(left, { timeout: 15_000 }).toEqual(["c1", "c3"]);
  await page.getByRole("button", { name: "Close" }).click();
  await expect(page.getByRole("alert")).toHaveCount(0);
});
