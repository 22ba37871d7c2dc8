/** A run on a phone, by touch alone. */
import { barriers } from "../support/test";
import { expect, test } from "./world";

test.use({ viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true, deviceScaleFactor: 2 });

const overflow = () => document.documentElement.scrollWidth - window.innerWidth;

test("each view fits, and steps, turns, finding and the actions are reached by touch", async ({
  page,
  openRun,
}) => {
  await openRun("treasury");
  const turn = page.getByRole("region", { name: "Turn 1" });
  await expect(turn).toContainText("Close October");
  await turn.getByRole("button", { name: "Details of the tool call read_ledger" }).tap();
  await expect(page.getByTestId("detail")).toContainText("read_ledger");
  await page.getByRole("button", { name: "Close details (Escape)" }).tap();
  await page.getByLabel("Turn", { exact: true }).selectOption("4");
  await expect(page.getByRole("region", { name: "Turn 4" }).getByRole("heading")).toBeInViewport();
  await page.getByRole("button", { name: "Find in this run" }).tap();
  await expect(page.getByPlaceholder(/^Find in this run/)).toBeFocused();
  for (const view of ["Tree", "Timeline", "Context", "Story"]) {
    await page.getByRole("navigation", { name: "Views" }).getByRole("button", { name: view }).tap();
    expect(await page.evaluate(overflow)).toBeLessThanOrEqual(0);
  }
  await page.getByRole("button", { name: "Copy this run" }).tap();
  await expect(page.getByRole("menuitem", { name: "Copy as OTLP" })).toBeVisible();
});

test("the bars of a context are there, and each call opens", async ({ page, openRun }) => {
  await openRun("incident-review", "?view=context");
  const bar = page
    .getByTestId("context")
    .getByTitle(/^Tool results, new: /)
    .first();
  expect((await bar.boundingBox())?.width).toBeGreaterThan(40);
  await page.getByRole("button", { name: /^Turn 5/ }).tap();
  await expect(page.getByTestId("detail")).toBeVisible();
  expect(await barriers(page)).toEqual([]);
});
