/** The way from a run to its reason: why it took so long, what filled its contexts, where a word was said, where a fact is from. */
import { Turnscope } from "../support/turnscope";
import { expect, test } from "./world";

test("under the header one line says where time went, and leads to the dearest turn and the slowest step", async ({
  page,
  openRun,
  server,
}) => {
  await openRun("treasury");
  const why = page.getByTestId("why");
  const id = new URL(page.url()).pathname.split("/").at(-1);
  const { time, dearest_turn, slowest_step } = await server.get(`/v1/runs/${id}/statistics`);
  expect(time.model_ms + time.tools_ms + time.people_ms + time.other_ms).toBeCloseTo(time.total_ms, 3);
  await expect(why).toContainText(/people 41\.\d s/);
  await why.getByRole("button", { name: /^Turn 4, \$0\.013/ }).click();
  await expect(page).toHaveURL(new RegExp(`turn=${dearest_turn.n}`));
  await why.getByRole("button", { name: /chat claude-opus-4-5/ }).click();
  await expect(page).toHaveURL(new RegExp(`step=${slowest_step.step_id}`));
});

test("steps are counted by kind, tool and model, and groups of the tree add up", async ({
  page,
  openRun,
}) => {
  await openRun("support-desk", "?view=tree");
  const statistics = page.getByRole("region", { name: "Statistics" });
  await expect(statistics.getByRole("row", { name: /^model call 5 / })).toBeVisible();
  await expect(statistics.getByRole("row", { name: /^ask_researcher 1 / })).toBeVisible();
  const run = page.getByRole("treeitem", { name: /support-desk/ });
  await expect(run).toContainText("∑ $0.0042");
  await expect(page.getByRole("treeitem", { name: /ask_researcher/ })).toContainText("∑ $0.0033");
});

test("a context is told by what it is, then by when it came, and what it cost to carry", async ({
  page,
  openRun,
}) => {
  await openRun("incident-review", "?view=context");
  const context = page.getByTestId("context");
  await expect(context.getByTitle(/^Tool results, new: /).first()).toBeVisible();
  await expect(context.getByTitle(/^Tool results: /).first()).toBeVisible();
  const first = context.getByRole("listitem").filter({ hasText: "WARN pool" });
  await expect(first).toContainText("turn 2 · 4×");
  await first.getByRole("button").click();
  await expect(page.getByTestId("detail")).toContainText("turn 2");
});

test("what is searched for in a run is counted, walked and marked, also in what is folded away", async ({
  page,
  openRun,
}) => {
  await openRun("incident-review");
  await page.getByRole("region", { name: "Turn 1" }).waitFor();
  await page.keyboard.press("/");
  const find = page.getByLabel("Find in this run").and(page.locator("input"));
  await find.fill("pricing");
  const status = page.getByRole("search").getByRole("status");
  await expect(status).toHaveText(/^\d+ steps$/);
  await page.keyboard.press("Enter");
  await expect(status).toHaveText(/^1 of \d+ steps$/);
  await page.keyboard.press("Enter");
  await expect(status).toHaveText(/^2 of \d+ steps$/);
  await expect(page).toHaveURL(/step=/);
  const marked = () => page.evaluate(() => CSS.highlights.get("run-find")?.size ?? 0);
  await expect.poll(marked).toBeGreaterThan(0);
  await page.keyboard.press("Escape");
  await expect(page.getByRole("search")).toHaveCount(0);
  expect(await marked()).toBe(0);
});

test("each fact of a step says where it comes from, and what was not understood", async ({
  page,
  openRun,
}) => {
  await openRun("treasury", "?view=tree");
  await page.getByRole("treeitem", { name: /turn 2/ }).click();
  await page.getByRole("tab", { name: "Facts" }).click();
  const facts = page.getByRole("region", { name: "Facts and where they come from" });
  await expect(facts).toContainText("← gen_ai.usage.input_tokens");
  await expect(page.getByRole("region", { name: "Not understood" })).toBeVisible();
});

test("what can filter is a link, the tab has a title, and there is a way back to the list", async ({
  page,
  openRun,
  server,
}) => {
  await page.goto(`${server.url}/ui/?q=tag%3Amonth-end`);
  await page.getByRole("link", { name: "treasury" }).first().click();
  await expect(page).toHaveTitle("treasury · Turnscope");
  await page.getByRole("link", { name: "← Runs" }).click();
  await expect(page).toHaveURL(/q=tag/);
  await openRun("treasury");
  await page.getByRole("link", { name: "h.lindqvist" }).click();
  await expect(page).toHaveURL(/user%3Ah.lindqvist/);
  await expect(page.getByRole("row").filter({ hasText: "treasury" })).toHaveCount(1);
  await page.goBack();
  await page.getByRole("link", { name: "close-2026-10" }).click();
  await expect(page.getByRole("heading", { name: "Session close-2026-10" })).toBeVisible();
});

test("a list of records is a table, and a text that holds JSON opens", async ({ page, openRun }) => {
  await openRun("treasury");
  const table = page.getByRole("region", { name: "Turn 1" }).getByRole("table");
  await expect(table.getByRole("columnheader")).toHaveText(["id", "eur"]);
  await expect(table.getByRole("row")).toHaveCount(3);
});

test("a verdict leads to its record in the audit trail, and the record to its step", async ({ page }) => {
  const server = await Turnscope.start("demo", ["--audit", "received"]);
  const { runs } = await server.get("/v1/runs?q=agent:treasury");
  await page.goto(`${server.url}/ui/runs/${runs[0].run_id}`);
  const trail = page.getByRole("region", { name: "Audit trail" });
  await trail.getByRole("listitem").filter({ hasText: "deny" }).getByRole("button", { name: "step" }).click();
  await expect(page.getByTestId("detail")).toContainText("In the audit trail: #");
  await server.stop();
});
