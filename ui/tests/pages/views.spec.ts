/** Views of the list that are saved under a name, and shared by link. */
import { barriers, expect, test } from "../support/test";

const rows = (page: import("@playwright/test").Page) => page.getByRole("rowgroup").last().getByRole("row");

test("a view is saved, chosen, changed, renamed and deleted", async ({ page, demo }) => {
  await page.goto(`${demo.url}/ui/?q=agent:shop-assistant&order=-cost&columns=cost.time&last=30d`);
  await expect(rows(page)).toHaveCount(3);
  await page.getByRole("button", { name: "Saved views" }).click();
  const panel = page.getByRole("dialog", { name: "Saved views" });
  await panel.getByLabel("Name of the view").fill("the shop");
  await panel.getByRole("button", { name: "Save", exact: true }).click();
  await expect(panel.getByRole("button", { name: "the shop", exact: true })).toBeVisible();
  await expect(page).toHaveURL(/view=the\+shop/);
  expect(await barriers(page)).toEqual([]);
  await page.keyboard.press("Escape");

  // It is there after a reload, and brings back filter, order, columns and time.
  await page.goto(`${demo.url}/ui/`);
  await expect(rows(page)).toHaveCount(12);
  await page.getByRole("button", { name: "Saved views" }).click();
  await panel.getByRole("button", { name: "the shop", exact: true }).click();
  await expect(panel).toBeHidden();
  await expect(rows(page)).toHaveCount(3);
  await expect(page.getByRole("columnheader", { name: "Cost" })).toHaveAttribute("aria-sort", "descending");
  await expect(page.getByLabel("Time range")).toHaveValue("30d");
  await expect(page).toHaveTitle(/the shop/);

  // What differs from what was saved is said, and can be saved in its place.
  await page.getByRole("button", { name: "Failed", exact: true }).click();
  await expect(page.getByRole("button", { name: "Saved views: the shop" })).toContainText("changed");
  await page.getByRole("button", { name: "Saved views: the shop" }).click();
  await panel.getByRole("button", { name: "Save", exact: true }).click();
  await expect(page.getByRole("button", { name: "Saved views: the shop" })).not.toContainText("changed");

  await panel.getByRole("button", { name: "Rename the shop" }).click();
  await panel.getByLabel("New name of the shop").fill("shop failures");
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/view=shop\+failures/);
  await panel.getByRole("button", { name: "Delete shop failures" }).click();
  await expect(panel.getByRole("list")).toHaveCount(0);
  await panel.getByRole("button", { name: "Undo" }).click();
  await expect(panel.getByRole("button", { name: "shop failures", exact: true })).toBeVisible();
});

test("a link carries the whole view: another browser shows it, and can save it", async ({
  browser,
  page,
  demo,
}) => {
  await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
  await page.goto(`${demo.url}/ui/?q=agent:shop-assistant&order=started_at`);
  await page.getByRole("button", { name: "Saved views" }).click();
  const panel = page.getByRole("dialog", { name: "Saved views" });
  await panel.getByLabel("Name of the view").fill("shop, oldest first");
  await page.keyboard.press("Enter");
  await panel.getByRole("button", { name: "Copy link" }).click();
  await expect(panel.getByText("Copied")).toBeVisible();
  const link = await page.evaluate(() => navigator.clipboard.readText());
  const other = await (await browser.newContext()).newPage();
  await other.goto(link);
  await expect(rows(other)).toHaveCount(3);
  await expect(rows(other).first()).toContainText("Do you have hiking boots");
  await other.getByRole("button", { name: "Saved views: shop, oldest first" }).click();
  await expect(other.getByLabel("Name of the view")).toHaveValue("shop, oldest first");
  await expect(other.getByRole("dialog").getByRole("list")).toHaveCount(0);
  await other.keyboard.press("Enter");
  await expect(other.getByRole("dialog").getByRole("listitem")).toHaveCount(1);
  await other.context().close();
});

test("views are reached by key, from the palette, and on a phone by touch", async ({
  browser,
  page,
  demo,
}) => {
  await page.goto(`${demo.url}/ui/?q=agent:treasury`);
  await expect(rows(page)).toHaveCount(1);
  await page.keyboard.press("v");
  await expect(page.getByLabel("Name of the view")).toHaveValue("");
  await page.getByLabel("Name of the view").fill("treasury");
  await page.keyboard.press("Enter");
  await page.goto(`${demo.url}/ui/`);
  await expect(rows(page)).toHaveCount(12);
  await page.keyboard.press("Control+k");
  await page.keyboard.type("treasury");
  await page.getByRole("group", { name: "Saved views" }).getByRole("option").click();
  await expect(rows(page)).toHaveCount(1);

  const context = await browser.newContext({ viewport: { width: 390, height: 844 }, hasTouch: true });
  const phone = await context.newPage();
  await phone.goto(`${demo.url}/ui/?q=agent:treasury&view=treasury`);
  await phone.getByRole("button", { name: "Saved views: treasury" }).tap();
  const panel = phone.getByRole("dialog", { name: "Saved views" });
  await panel.getByRole("button", { name: "Save", exact: true }).tap();
  await expect(panel.getByRole("button", { name: "Rename treasury" })).toBeVisible();
  const box = await panel.boundingBox();
  expect((box?.x ?? -1) >= 0 && (box?.x ?? 0) + (box?.width ?? 999) <= 390).toBe(true);
  await context.close();
});
