import { messages, otlp, runId, text } from "./otlp";
import { expect, test } from "./world";

const call = (n: number, from: number) => ({
  id: n + 1,
  parent: 1,
  name: "chat",
  from,
  to: from + 100,
  facts: {
    "gen_ai.operation.name": "chat",
    "gen_ai.request.model": "gpt-5-mini",
    "gen_ai.input.messages": messages("user", text(`question ${n}`)),
    "gen_ai.output.messages": messages("assistant", text(`answer ${n}`)),
  },
});
const root = {
  id: 1,
  name: "invoke_agent",
  from: 0,
  to: 900,
  facts: { "gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": "live" },
};

test("turns appear as they arrive, and nothing that is read moves", async ({ page, openRun, server }) => {
  const startedAt = Date.now();
  await server.send(otlp(0x11e, startedAt, [root, call(1, 0)]));
  await openRun(runId(0x11e));
  const first = page.getByRole("region", { name: "Turn 1" });
  await expect(first).toContainText("answer 1");
  const before = await first.boundingBox();
  await server.send(otlp(0x11e, startedAt, [call(2, 200), call(3, 400)]));
  await expect(page.getByRole("region", { name: "Turn 3" })).toContainText("answer 3");
  await expect(page.getByRole("navigation", { name: "Turns" })).toContainText("3 turns");
  expect((await first.boundingBox())?.y).toBe(before?.y);
});

test("what is open counts its time, and the end of the story can be followed", async ({ page, openRun }) => {
  await openRun("warehouse-sync");
  const turns = page.getByRole("navigation", { name: "Turns" });
  await expect(turns.getByRole("button", { name: /^Turn 3/ })).toContainText("running");
  const follow = page.getByRole("button", { name: "Follow" });
  await follow.click();
  await expect(page.getByRole("button", { name: "Following" })).toHaveAttribute("aria-pressed", "true");
  const third = page.getByRole("region", { name: "Turn 3" });
  await expect(third).toBeInViewport();
  const state = third.getByText(/^running for /);
  const before = (await state.textContent()) ?? "";
  await expect(state).not.toHaveText(before);
  await expect(page.getByText("0 µs")).toHaveCount(0);
});
