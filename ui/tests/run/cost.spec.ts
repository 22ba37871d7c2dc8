import { expect, test } from "./world";

/** The figures in a table column, without currency signs and separators. */
const figures = (cells: string[]) => cells.map((cell) => Number(cell.replace(/[$,]/g, "")));

test("a call's cost is explained: bucket × price = sum, with where the price is from", async ({
  page,
  openRun,
}) => {
  await openRun("incident-review", "?view=tree");
  await page.getByRole("treeitem", { name: /turn 2/ }).click();
  await page.getByRole("tab", { name: "Usage" }).click();
  const cost = page.getByRole("region", { name: "Cost", exact: true });
  const rows = cost.locator("tbody tr");
  await expect(rows).toHaveCount(3);
  const column = async (n: number) => figures(await rows.locator(`td:nth-of-type(${n})`).allInnerTexts());
  const [tokens, prices, costs] = [await column(1), await column(2), await column(3)];
  for (const [at, sum] of costs.entries()) {
    expect(((tokens[at] ?? 0) * (prices[at] ?? 0)) / 1e6).toBeCloseTo(sum, 5);
  }
  const [total] = figures(await cost.locator("tfoot td").allInnerTexts());
  expect(costs.reduce((a, b) => a + b)).toBeCloseTo(total ?? 0, 5);
  await expect(cost).toContainText("Price of gpt-5 at openai");
});

test("the run's cost adds up its models, and leads to each call", async ({ page, openRun }) => {
  await openRun("incident-review");
  const cost = page.getByRole("region", { name: "Cost of the run" });
  await cost.getByRole("button", { name: /gpt-5 · 8 calls/ }).click();
  await cost.getByRole("button", { name: "Turn 2" }).click();
  await expect(page.getByRole("region", { name: "Prompt" })).toBeVisible();
});
