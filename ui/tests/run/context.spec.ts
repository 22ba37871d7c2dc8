import { expect, test } from "./world";

test("a bar per call says what filled the window, and where the history was cut", async ({
  page,
  openRun,
}) => {
  await openRun("incident-review", "?view=context");
  const context = page.getByTestId("context");
  await expect(context.getByRole("button", { name: /^Turn \d/ })).toHaveCount(8);
  await expect(context).toContainText("Input tokens");
  await expect(context.getByRole("button", { name: /^Turn 6/ })).toContainText("8 dropped at message");
  await expect(context.getByTitle("System prompt, new: 37 in 1 message")).toBeVisible();
  await expect(context.getByTitle("Not in the telemetry: 1.4k").first()).toBeVisible();
  await context.getByRole("button", { name: /^Turn 6/ }).click();
  await expect(page.getByRole("region", { name: "Prompt" })).toBeVisible();
  await page.keyboard.press("j");
  await expect(context.getByRole("button", { name: /^Turn 7/ })).toHaveAttribute("aria-pressed", "true");
});
