import { expect, test } from "./world";

test("a run that is not there is named, and can be tried again", async ({ page, openRun }) => {
  await openRun(`${"0".repeat(31)}f-${"0".repeat(15)}f`);
  await expect(page.getByRole("alert")).toContainText("could not be loaded");
  await expect(page.getByRole("button", { name: "Try again" })).toBeVisible();
});

test("a turn that fails to load says so, and the rest is there", async ({ page, openRun, context }) => {
  let fails = true;
  await context.route("**/turns/2", (route) =>
    fails ? route.fulfill({ status: 500, json: { title: "the disk is full" } }) : route.continue(),
  );
  await openRun("treasury");
  const second = page.getByRole("region", { name: "Turn 2" });
  await expect(second.getByRole("alert")).toContainText("Turn 2 could not be loaded: the disk is full");
  await expect(page.getByRole("region", { name: "Turn 1" })).toContainText("Close October");
  fails = false;
  await second.getByRole("button", { name: "Try again" }).click();
  await expect(second).toContainText("TX-55120");
});
