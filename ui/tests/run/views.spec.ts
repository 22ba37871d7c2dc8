import { expect, test } from "./world";

test("the keyboard alone: views, moving, folding, letting go; all of it in the address", async ({
  page,
  openRun,
}) => {
  await openRun("treasury");
  await page.getByRole("region", { name: "Turn 1" }).waitFor();
  await page.keyboard.press("t");
  await expect(page.getByTestId("tree").getByRole("treeitem")).toHaveCount(12);
  await page.keyboard.press("j");
  await page.keyboard.press("j");
  await page.keyboard.press("j");
  await expect(page.getByRole("treeitem", { selected: true })).toContainText("read_ledger");
  await expect(page.getByTestId("detail")).toContainText("operating");
  await page.keyboard.press("[");
  await expect(page.getByTestId("tree").getByRole("treeitem")).toHaveCount(11);
  await page.keyboard.press("]");
  await expect(page.getByTestId("tree").getByRole("treeitem")).toHaveCount(12);

  await page.keyboard.press("g");
  await expect(page.getByTestId("timeline")).toBeVisible();
  await expect(page.getByRole("treeitem", { selected: true })).toContainText("read_ledger");
  await expect(page).toHaveURL(/view=timeline/);
  await page.reload();
  await expect(page.getByRole("treeitem", { selected: true })).toContainText("read_ledger");
  await page.keyboard.press("Escape");
  await expect(page.getByTestId("run-details")).toBeVisible();
  await expect(page).not.toHaveURL(/step=/);
});

test("the timeline says what it folded, zooms, and colours by verdict with a letter for each", async ({
  page,
  openRun,
}) => {
  await openRun("treasury", "?view=timeline");
  const folds = page.getByLabel(/Fold gaps/);
  await expect(folds).toBeChecked();
  await expect(page.getByText(/41\.\d s waiting for a person/)).toBeVisible();
  const approval = page.getByRole("treeitem", { name: /human_approval/ });
  const bar = approval.locator("[data-bar]");
  const narrow = (await bar.boundingBox())?.width ?? 0;
  await folds.uncheck();
  await expect.poll(async () => (await bar.boundingBox())?.width ?? 0).toBeGreaterThan(narrow * 5);

  await page.getByLabel("Colour by").selectOption("verdict");
  const legend = page.getByRole("list", { name: "Colours by verdict" });
  await expect(legend).toContainText("D" + "deny");
  await page.getByRole("button", { name: "Zoom in" }).click();
  await expect(page.getByRole("button", { name: "Whole run" })).toBeEnabled();
});

test("a step's details: prompt beside completion, attributes, the span as it was sent", async ({
  page,
  openRun,
}) => {
  await openRun("support-desk", "?view=tree");
  await page
    .getByRole("treeitem", { name: /chat gpt-5-mini/ })
    .first()
    .click();
  const detail = page.getByTestId("detail");
  await expect(detail.getByRole("region", { name: "Prompt" })).toContainText("My Aurora desk lamp flickers");
  await expect(detail.getByRole("region", { name: "Completion" })).toContainText("get_order");
  await detail.getByRole("tab", { name: "Attributes" }).click();
  await expect(detail).toContainText("gen_ai.request.model");
  await detail.getByRole("tab", { name: "Raw" }).click();
  await expect(detail).toContainText("startTimeUnixNano");
  await detail.getByRole("tab", { name: "Usage" }).click();
  await expect(detail).toContainText("1,524");
});

test("panels fold and come back", async ({ page, openRun }) => {
  await openRun("treasury");
  const turns = page.getByRole("navigation", { name: "Turns" });
  await expect(turns).toBeVisible();
  await page.getByRole("button", { name: "Hide the list of turns" }).click();
  await expect.poll(async () => (await turns.boundingBox())?.width ?? 0).toBe(0);
  await page.getByRole("button", { name: "Show the list of turns" }).click();
  await expect.poll(async () => (await turns.boundingBox())?.width ?? 0).toBeGreaterThan(100);
});
