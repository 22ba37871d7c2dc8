/** The page of one session. */
import { barriers, expect, test } from "../support/test";

const attribute = (key: string, value: string | number) => ({
  key,
  value: typeof value === "number" ? { intValue: String(value) } : { stringValue: value },
});

/** A run of one model call. */
function run(n: number, session: string, startedAt: number, asked: string, answered: string) {
  const hex = (length: number, of: number) => of.toString(16).padStart(length, "0");
  const said = (role: string, content: string) =>
    JSON.stringify([{ role, parts: [{ type: "text", content }] }]);
  const span = (id: number, name: string, parent: number | null, attributes: object[]) => ({
    traceId: hex(32, n),
    spanId: hex(16, id),
    ...(parent !== null && { parentSpanId: hex(16, parent) }),
    name,
    startTimeUnixNano: `${startedAt}000000`,
    endTimeUnixNano: `${startedAt + 2000}000000`,
    attributes,
  });
  return [
    span(1, "invoke_agent guide", null, [
      attribute("gen_ai.operation.name", "invoke_agent"),
      attribute("gen_ai.agent.name", "guide"),
      attribute("gen_ai.conversation.id", session),
      attribute("user.id", "ada"),
    ]),
    span(2, "chat gpt-4.1-mini", 1, [
      attribute("gen_ai.operation.name", "chat"),
      attribute("gen_ai.request.model", "gpt-4.1-mini"),
      attribute("gen_ai.provider.name", "openai"),
      attribute("gen_ai.usage.input_tokens", 1000),
      attribute("gen_ai.usage.output_tokens", 200),
      attribute("gen_ai.input.messages", said("user", asked)),
      attribute("gen_ai.output.messages", said("assistant", answered)),
    ]),
  ];
}

const START = 1_790_000_000_000;
const body = (spans: object[]) => ({ resourceSpans: [{ scopeSpans: [{ spans }] }] });

test("a session is one list of its runs with totals, from a run and from the list", async ({
  page,
  fresh,
}) => {
  // An id may be any text.
  const id = "tour ../ 100% #1";
  await fresh.send(
    body([
      ...run(1, id, START, "Where is the museum?", "Beside the river."),
      ...run(2, id, START + 60_000, "And when does it open?", "At nine."),
      ...run(3, "another", START + 120_000, "Who are you?", "A guide."),
    ]),
  );
  await page.goto(`${fresh.url}/ui/`);
  await page.getByRole("row").filter({ hasText: "museum" }).getByRole("link", { name: id }).click();
  await expect(page.getByRole("heading", { name: `Session ${id}` })).toBeVisible();
  const runs = page.getByRole("list", { name: "Runs of the session" }).getByRole("listitem");
  await expect(runs).toHaveCount(2);
  await expect(runs.first()).toContainText("Where is the museum?");
  await expect(runs.first()).toContainText("Beside the river.");
  const { session } = await fresh.get(`/v1/sessions/${encodeURIComponent(id)}`);
  expect(session).toMatchObject({ run_count: 2, turn_count: 2, duration_ms: 4000 });
  const totals = page.locator("header dl");
  await expect(totals).toContainText("Runs2");
  await expect(totals).toContainText("Turns2");
  await expect(totals).toContainText("Tokens2.4k");
  await expect(totals).toContainText("At work4.00 s");
  await expect(totals).toContainText(/Cost\$0\.00\d+/);
  await expect(totals).toContainText("over 1 m 02 s");
  expect(await barriers(page)).toEqual([]);

  await page.getByLabel("Order").selectOption("Newest first");
  await expect(runs.first()).toContainText("And when does it open?");
  // A run that comes is there by itself.
  await fresh.send(body(run(4, id, START + 200_000, "Is it free?", "On Sundays.")));
  await expect(runs).toHaveCount(3);
  await expect(totals).toContainText("Runs3");
  await page.keyboard.press("j");
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/\/ui\/runs\//);
  await expect(page.getByText("On Sundays.").first()).toBeVisible();
  await page.getByRole("link", { name: id }).first().click();
  await expect(runs).toHaveCount(3);
  await page.getByRole("link", { name: "In the list" }).click();
  await expect(page.getByLabel("Filter runs")).toHaveValue(`session:"${id}"`);
  await expect(page.getByRole("rowgroup").last().getByRole("row")).toHaveCount(3);
});

test("a session that is not there is said, on a phone too", async ({ page, demo }) => {
  await page.setViewportSize({ width: 390, height: 844 });
  await page.goto(`${demo.url}/ui/session?id=nobody`);
  await expect(page.getByRole("heading", { name: "There is no session nobody" })).toBeVisible();
  const { sessions } = await demo.get("/v1/sessions?limit=1");
  await page.goto(`${demo.url}/ui/session?id=${encodeURIComponent(sessions[0].session_id)}`);
  await expect(page.getByRole("listitem").first()).toBeVisible();
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(390);
  expect(await barriers(page)).toEqual([]);
});
