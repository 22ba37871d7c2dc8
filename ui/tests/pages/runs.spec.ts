import { readFileSync } from "node:fs";
import { sendCorpus } from "../support/corpus";
import { barriers, expect, test } from "../support/test";
import { runs } from "./agent";

const row = { name: /./ };

test("the list says what was asked and answered, and what it took", async ({ page, demo }) => {
  await page.goto(`${demo.url}/ui/`);
  const support = page.getByRole("row").filter({ hasText: "support-desk" });
  await expect(support).toContainText("My Aurora desk lamp flickers");
  await expect(support).toContainText("Good news, Maya");
  await expect(support).toContainText("8.58 s");
  await expect(page.getByRole("row").filter({ hasText: "invoice-reader" })).toContainText("RateLimitError");
  await expect(page.getByRole("region", { name: "Open runs" })).toContainText("list_differences");
  await expect(page.getByRole("img", { name: /12 runs over time, 1 failed/ })).toBeVisible();
  expect(await barriers(page)).toEqual([]);
});

test("a filter is typed with completion, becomes a chip, and stands in the address", async ({
  page,
  demo,
}) => {
  await page.goto(`${demo.url}/ui/`);
  const query = page.getByRole("combobox", { name: "Filter runs" });
  await page.getByRole("row").nth(3).waitFor();
  await page.keyboard.press("/");
  await expect(query).toBeFocused();
  await page.keyboard.type("ag");
  await page.keyboard.press("Tab");
  await expect(query).toHaveValue("agent:");
  await page.keyboard.type("trea");
  await expect(page.getByRole("option", { name: /treasury/ })).toBeVisible();
  await page.keyboard.press("Tab");
  await expect(page).toHaveURL(/q=agent%3Atreasury/);
  await expect(page.getByRole("rowgroup").last().getByRole("row")).toHaveCount(1);
  await page.getByRole("button", { name: "agent:treasury" }).click();
  await expect(page.getByRole("rowgroup").last().getByRole("row")).toHaveCount(12);
});

test("filters, order and columns come from the address", async ({ page, demo }) => {
  await page.goto(`${demo.url}/ui/?q=agent:shop-assistant&order=started_at&columns=models.time`);
  await expect(page.getByRole("columnheader")).toHaveText([
    "Selected",
    "Agent",
    "Asked and answered",
    "Models",
    "Started",
  ]);
  const asked = page.getByRole("rowgroup").last().getByRole("row");
  await expect(asked).toHaveCount(3);
  await expect(asked.first()).toContainText("Do you have hiking boots");
});

test("alternatives are one chip, and a mistake is marked at its place", async ({ page, demo }) => {
  await page.goto(`${demo.url}/ui/?q=agent:shop-assistant OR agent:treasury`);
  const listed = page.getByRole("rowgroup").last().getByRole("row");
  await expect(listed).toHaveCount(4);
  await page.getByRole("button", { name: "Failed", exact: true }).click();
  await expect(page).toHaveURL(/q=%28agent%3Ashop-assistant\+OR\+agent%3Atreasury%29\+status%3Afailed/);
  await page.goto(`${demo.url}/ui/?q=agent:treasury status:done`);
  const alert = page.getByRole("alert");
  await expect(alert).toContainText('there is no status "done"');
  await expect(alert).toContainText("use running, waiting, completed, failed or incomplete");
  await expect(alert.locator("mark")).toHaveText("done");
});

test("columns are chosen from a menu, by keyboard too", async ({ page, demo }) => {
  await page.goto(`${demo.url}/ui/?columns=time`);
  const header = page.getByRole("columnheader");
  await expect(header).toHaveText(["Selected", "Agent", "Asked and answered", "Started"]);
  await page.getByRole("button", { name: "Columns" }).focus();
  await page.keyboard.press("Enter");
  const cost = page.getByRole("menuitemcheckbox", { name: "Cost" });
  await expect(cost).toBeVisible();
  await page.keyboard.type("co");
  await expect(cost).toBeFocused();
  await page.keyboard.press("Enter");
  await expect(header).toHaveText(["Selected", "Agent", "Asked and answered", "Cost", "Started"]);
  await page.keyboard.press("Escape");
  await expect(cost).toBeHidden();
  await expect(page).toHaveURL(/columns=time.cost/);
  await page.getByRole("button", { name: "Columns" }).click();
  await page.getByRole("menuitem", { name: "Default columns" }).click();
  await expect(header).toHaveCount(11);
});

test("the keyboard walks the list, peeks and opens", async ({ page, demo }) => {
  await page.goto(`${demo.url}/ui/`);
  // A run, not a placeholder row, which the keys skip.
  await page.getByText("trip-planner").first().waitFor();
  await page.keyboard.press("j");
  await page.keyboard.press("p");
  const peek = page.getByRole("complementary", { name: "Run beside the list" });
  await expect(peek).toContainText("Asked");
  const first = await peek.getByRole("heading").first().textContent();
  await page.keyboard.press("j");
  await expect(peek.getByRole("heading").first()).not.toHaveText(first ?? "");
  await expect(page).toHaveURL(/peek=/);
  expect(await barriers(page)).toEqual([]);
  await page.keyboard.press("Escape");
  await expect(peek).toBeHidden();
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/\/ui\/runs\/[0-9a-f]{32}-[0-9a-f]{16}/);
});

test("a stretch of the histogram becomes the filter", async ({ page, demo }) => {
  await page.goto(`${demo.url}/ui/`);
  const histogram = page.getByRole("img", { name: /runs over time/ });
  const box = await histogram.boundingBox();
  if (!box) throw new Error("no histogram");
  await page.mouse.move(box.x + box.width * 0.6, box.y + 20);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * 0.9, box.y + 20, { steps: 4 });
  await page.mouse.up();
  await expect(page).toHaveURL(/after=\d+&before=\d+/);
  await expect(page.getByRole("button", { name: /–.*remove/ })).toBeVisible();
});

test("a run that arrives is announced and moves nothing; the first of all shows by itself", async ({
  page,
  fresh,
}) => {
  await page.goto(`${fresh.url}/ui/`);
  await expect(page.getByText("No runs yet")).toBeVisible();
  await expect(page.getByText("Live", { exact: true })).toBeVisible();
  await fresh.send(runs([{ n: 1, asked: "the first question" }]));
  await expect(page.getByRole("row").filter({ hasText: "the first question" })).toBeVisible();
  await fresh.send(
    runs([
      { n: 2, asked: "the second" },
      { n: 3, asked: "the third" },
    ]),
  );
  const pill = page.getByRole("button", { name: "2 new runs" });
  await expect(pill).toBeVisible();
  await expect(page.getByRole("row").filter({ hasText: "the third" })).toHaveCount(0);
  await pill.click();
  await expect(page.getByRole("row").filter({ hasText: "the third" })).toBeVisible();
  await expect(pill).toBeHidden();
});

test("a run that is deleted says so in its place", async ({ page, fresh }) => {
  await fresh.send(runs([1, 2, 3].map((n) => ({ n, agent: `agent-${n}` }))));
  await page.goto(`${fresh.url}/ui/`);
  const rows = page.getByRole("rowgroup").last().getByRole("row");
  await expect(rows).toHaveCount(3);
  await expect(page.getByText("Live", { exact: true })).toBeVisible();
  const listed = await fresh.get("/v1/runs?order=-started_at");
  const { run_id: id, name } = listed.runs[1];
  expect((await fetch(`${fresh.url}/v1/runs/${id}`, { method: "DELETE" })).ok).toBe(true);
  await expect(rows.nth(1)).toHaveText(`${name} was deleted`);
  await expect(rows).toHaveCount(3);
  await page.reload();
  await expect(rows).toHaveCount(2);
});

test("a long list is drawn only where it is looked at, and scrolls to its end", async ({ page, fresh }) => {
  const many = Array.from({ length: 400 }, (_, n) => ({ n, startedAt: 1_790_000_000_000 + n * 60_000 }));
  await fresh.send(runs(many));
  await page.goto(`${fresh.url}/ui/`);
  await expect(page.getByText("question 399")).toBeVisible();
  expect(await page.getByRole("row", row).count()).toBeLessThan(60);
  const list = page.getByTestId("runs-scroll");
  await expect(async () => {
    await list.evaluate((box) => box.scrollTo(0, box.scrollHeight));
    await expect(page.getByText("question 0", { exact: true })).toBeVisible({ timeout: 300 });
  }).toPass();
  expect(await page.getByRole("row", row).count()).toBeLessThan(60);
});

test("a failing endpoint is named, and can be asked again", async ({ page, demo }) => {
  let broken = true;
  await page.route("**/v1/runs?*", (route) =>
    broken
      ? route.fulfill({ status: 500, json: { title: "the disk is full", status: 500 } })
      : route.continue(),
  );
  await page.goto(`${demo.url}/ui/`);
  await expect(page.getByRole("alert")).toContainText("The runs could not be loaded: the disk is full");
  broken = false;
  await page.getByRole("button", { name: "Try again" }).click();
  await expect(page.getByRole("row").filter({ hasText: "support-desk" })).toBeVisible();
});

test("every producer of the corpus has its runs in the list", async ({ page, fresh }) => {
  test.setTimeout(240_000);
  expect(await sendCorpus(fresh)).toBeGreaterThan(35);
  const { total } = await fresh.get("/v1/runs?roots_only=true&limit=1");
  await page.goto(`${fresh.url}/ui/`);
  await expect(page.getByText(`${total} runs`, { exact: true })).toBeVisible();
  expect(await barriers(page)).toEqual([]);
});

test("it can be read on a phone, and by those who want no motion", async ({ page, demo }) => {
  await page.setViewportSize({ width: 360, height: 740 });
  await page.emulateMedia({ reducedMotion: "reduce", colorScheme: "dark" });
  await page.goto(`${demo.url}/ui/`);
  await expect(page.getByRole("row").filter({ hasText: "support-desk" })).toContainText("8.58 s");
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(360);
  expect(await barriers(page)).toEqual([]);
});

test("hostile text stays text", async ({ page, fresh }) => {
  const asked = "<script>window.hit=1</script><img src=x onerror=window.hit=1> pay \u202e001$ now";
  await fresh.send(
    runs([
      { n: 1, agent: "<b>bold</b>", asked },
      { n: 2, asked: "x".repeat(5_000_000) },
    ]),
  );
  await page.goto(`${fresh.url}/ui/`);
  const hostile = page.getByRole("row").filter({ hasText: "<script>" });
  await expect(hostile).toContainText("pay ⟨U+202E⟩001$ now");
  await expect(hostile).toContainText("<b>bold</b>");
  expect(await page.evaluate(() => (window as { hit?: number }).hit)).toBeUndefined();
});

test("the marked runs of the list are exported as lines of JSON", async ({ page, demo }) => {
  await page.goto(`${demo.url}/ui/?q=score.helpfulness>0.5`);
  await expect(page.getByRole("rowgroup").last().getByRole("row")).toHaveCount(1);
  const coming = page.waitForEvent("download");
  await page.getByRole("link", { name: /Export the marked runs/ }).click();
  const path = await (await coming).path();
  const lines = readFileSync(path, "utf8").trim().split("\n");
  expect(lines).toHaveLength(1);
  const { run_id, scores } = JSON.parse(lines[0] ?? "");
  expect(run_id).toMatch(/^[0-9a-f]{32}-[0-9a-f]{16}$/);
  expect(JSON.stringify(scores)).toContain("helpfulness");
});
