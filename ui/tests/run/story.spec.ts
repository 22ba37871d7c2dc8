import { otlp, runId } from "./otlp";
import { expect, test } from "./world";

test("a run is told turn by turn, with verdicts, errors and the final answer", async ({ page, openRun }) => {
  await openRun("treasury");
  await expect(page.getByRole("heading", { level: 1, name: "treasury" })).toBeVisible();
  const first = page.getByRole("region", { name: "Turn 1" });
  await expect(first).toContainText("Close October: check the ledger");
  await expect(first.locator('[data-verdict="allow"]')).toContainText("reading is free for accountants");

  const second = page.getByRole("region", { name: "Turn 2" });
  await second.scrollIntoViewIfNeeded();
  await expect(second).toContainText("1 earlier message");
  await expect(second.locator('[data-verdict="hitl"]')).toContainText("approved · by user · high risk");
  await expect(second).toContainText("TX-55120");

  const turns = page.getByRole("navigation", { name: "Turns" });
  await turns.getByRole("button", { name: /^Turn 3/ }).click();
  const third = page.getByRole("region", { name: "Turn 3" });
  await expect(third.locator(`[data-verdict="deny"]`)).toContainText(
    "the target account is not on the company's list",
  );
  await expect(third.getByTestId("error-note")).toHaveCount(0);
  await turns.getByRole("button", { name: /^Turn 4/ }).click();
  await expect(page.getByRole("region", { name: "Turn 4" })).toContainText("Final answer");
});

test("what was re-sent is counted, and opens", async ({ page, openRun }) => {
  await openRun("treasury", "?turn=3");
  const turn = page.getByRole("region", { name: "Turn 3" });
  await turn.getByRole("button", { name: /earlier messages/ }).click();
  await expect(turn).toContainText("Close October: check the ledger");
});

test("the keys that fold open and close the turn that is read", async ({ page, openRun }) => {
  await openRun("treasury", "?turn=3");
  const turn = page.getByRole("region", { name: "Turn 3" });
  const earlier = turn.getByRole("button", { name: /earlier messages/ });
  await expect(earlier).toHaveAttribute("aria-expanded", "false");
  await page.keyboard.press("]");
  await expect(earlier).toHaveAttribute("aria-expanded", "true");
  await page.keyboard.press("[");
  await expect(earlier).toHaveAttribute("aria-expanded", "false");
});

test("a sub-agent is folded with its totals at the call that began it, and tells its own story", async ({
  page,
  openRun,
}) => {
  await openRun("support-desk");
  const child = page.locator("[data-child-run]");
  await expect(child).toContainText("researcher");
  await expect(child).toContainText("2 turns · 2 tool calls");
  await expect(child.getByRole("heading")).toHaveCount(0);
  await child.getByRole("button", { name: /researcher/ }).click();
  await expect(child.getByRole("heading", { level: 3, name: "Turn 1" })).toBeVisible();
  await child.getByRole("link", { name: "Open this run on its own" }).click();
  await expect(page.getByRole("heading", { level: 1, name: "researcher" })).toBeVisible();
});

test("a narrow screen tells the whole story, one panel at a time", async ({ page, openRun }) => {
  await page.setViewportSize({ width: 360, height: 740 });
  await openRun("support-desk");
  await expect(page.getByRole("region", { name: "Turn 1" })).toContainText("My Aurora desk lamp flickers");
  const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
  expect(overflow).toBeLessThanOrEqual(0);
  await page.keyboard.press("j");
  await expect(page.getByTestId("detail")).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(page.getByTestId("detail")).toHaveCount(0);
});

test("blocks that nobody typed are folded, kept, and open", async ({ page, openRun, server }) => {
  const said =
    "<current_datetime>Monday</current_datetime>\n\nWhat is due?\n<system-reminder>Be brief.</system-reminder>";
  const call = {
    "gen_ai.operation.name": "chat",
    "gen_ai.request.model": "m",
    "gen_ai.input.messages": JSON.stringify([{ role: "user", parts: [{ type: "text", content: said }] }]),
    "gen_ai.output.messages": JSON.stringify([
      { role: "assistant", parts: [{ type: "text", content: "Nothing." }] },
    ]),
  };
  await server.send(otlp(0xb10c, Date.now(), [{ id: 1, name: "chat m", from: 0, to: 50, facts: call }]));
  await openRun(runId(0xb10c));
  const turn = page.getByRole("region", { name: "Turn 1" });
  await expect(turn).toContainText("What is due?");
  const reminder = turn.locator("details", { hasText: "system-reminder" });
  await expect(reminder.getByText("Be brief.")).toBeHidden();
  await reminder.locator("summary").click();
  await expect(reminder.getByText("Be brief.")).toBeVisible();
  await expect(turn.locator("details")).toHaveCount(2);
});
