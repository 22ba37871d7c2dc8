import { expect, test } from "./world";

interface Given {
  readonly name: string;
}

test("a run is marked, the mark is taken back, and the server knows", async ({ page, openRun, server }) => {
  await openRun("handbook");
  const id = new URL(page.url()).pathname.split("/").at(-1);
  const marks = async () =>
    (await server.get(`/v1/runs/${id}`)).scores.filter(({ name }: Given) => name === "mark");
  const good = page.getByRole("button", { name: "Mark this run as good" });
  await good.click();
  await expect(good).toHaveAttribute("aria-pressed", "true");
  expect(await marks()).toMatchObject([{ label: "good", value: 1, step_id: null }]);
  await page.getByRole("button", { name: "Mark this run as bad" }).click();
  await expect(good).toHaveAttribute("aria-pressed", "false");
  expect(await marks()).toMatchObject([{ label: "bad", value: 0 }]);
  await page.getByRole("button", { name: "Mark this run as bad" }).click();
  await expect.poll(marks).toEqual([]);
});

test("a step is scored with a comment, and a run tagged", async ({ page, openRun, server }) => {
  await openRun("contract-review");
  const id = new URL(page.url()).pathname.split("/").at(-1);
  await page.getByRole("region", { name: "Turn 1" }).waitFor();
  await page.keyboard.press("j");
  await page
    .getByTestId("detail")
    .getByRole("button", { name: /Score or comment/ })
    .click();
  await page.getByLabel("Name").fill("tone");
  await page.getByLabel("Number or label").fill("0.75");
  await page.getByLabel("Comment", { exact: true }).fill("reads the wrong clause");
  await page.getByRole("button", { name: "Save" }).click();
  await expect(page.getByRole("button", { name: "Save" })).toHaveCount(0);
  const { scores } = await server.get(`/v1/runs/${id}`);
  const score = scores.find(({ name }: Given) => name === "tone");
  expect(score).toMatchObject({ value: 0.75, comment: "reads the wrong clause" });
  expect(score?.step_id).toBeTruthy();

  await page.getByRole("button", { name: "tag", exact: true }).click();
  await page.getByLabel("New tag").fill("for-evals");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("button", { name: "Remove the tag for-evals" })).toBeVisible();
  expect((await server.get(`/v1/runs/${id}`)).tags).toContain("for-evals");
});

test("what is copied can be used", async ({ page, openRun, server, context }) => {
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  await openRun("handbook");
  await page.getByRole("button", { name: "Copy this run" }).click();
  await page.getByRole("menuitem", { name: "Copy as curl" }).click();
  const copied = () => page.evaluate(() => navigator.clipboard.readText());
  await expect.poll(copied).toMatch(/^curl -s 'http:\/\/.*\/v1\/runs\/[0-9a-f]{32}-[0-9a-f]{16}'$/);
  const path = new URL((await copied()).split("'")[1] ?? "").pathname;
  expect(await server.get(path)).toMatchObject({ name: "handbook" });
});
