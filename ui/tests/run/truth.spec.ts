/** What a run's page shows is what was sent. Each test is named after what was once shown wrong. */
import { messages, otlp, runId, stepId, text } from "./otlp";
import { expect, test } from "./world";

const START = 1_790_000_000_000;

/** An agent that asks a tool in its first turns and answers in the last. */
function agent(turns: { tool?: object; said?: object[]; asked?: object[]; toolError?: string }[]) {
  const end = turns.length * 1000;
  const system = { role: "system", parts: [text("You are terse.")] };
  return [
    {
      id: 1,
      name: "invoke_agent planner",
      from: 0,
      to: end,
      facts: { "gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": "planner" },
    },
    ...turns.flatMap(({ tool, said, asked, toolError }, n) => [
      {
        id: 10 + n,
        parent: 1,
        name: "ChatOpenAI",
        from: n * 1000,
        to: n * 1000 + 400,
        facts: {
          "gen_ai.operation.name": "chat",
          "gen_ai.agent.name": "planner",
          "gen_ai.request.model": "gpt-5-mini",
          "gen_ai.input.messages": JSON.stringify([
            system,
            { role: "user", parts: asked ?? [text(`question ${n + 1}`)] },
          ]),
          "gen_ai.output.messages": messages(
            "assistant",
            ...(said ?? []),
            ...(tool || toolError
              ? [{ type: "tool_call", id: `call_${n}`, name: "look_up", arguments: { n } }]
              : said
                ? []
                : [text(`answer ${n + 1}`)]),
          ),
        },
      },
      ...(tool || toolError
        ? [
            {
              id: 100 + n,
              parent: 1,
              name: "execute_tool look_up",
              from: n * 1000 + 400,
              to: n * 1000 + 900,
              ...(toolError !== undefined && { error: toolError }),
              facts: {
                "gen_ai.operation.name": "execute_tool",
                "gen_ai.tool.name": "look_up",
                "gen_ai.agent.name": "planner",
                "gen_ai.tool.call.id": `call_${n}`,
                "gen_ai.tool.call.arguments": JSON.stringify({ n }),
                ...(tool && { "gen_ai.tool.call.result": JSON.stringify(tool) }),
              },
            },
          ]
        : []),
    ]),
  ];
}

test("a jump to a turn lands there, whatever long results stand before it", async ({
  page,
  openRun,
  server,
}) => {
  const long = Object.fromEntries(Array.from({ length: 400 }, (_, n) => [`key ${n}`, n]));
  await server.send(otlp(0x701, START, agent([{ tool: long }, { tool: long }, { tool: long }, {}])));
  await openRun(runId(0x701));
  await page.getByText("key 3", { exact: true }).first().waitFor();
  const turns = page.getByRole("navigation", { name: "Turns" });
  for (const n of [3, 2]) {
    await turns.getByRole("button", { name: new RegExp(`^Turn ${n}`) }).click();
    const heading = page.getByTestId("story").getByRole("heading", { name: `Turn ${n}`, exact: true });
    const top = (await page.getByTestId("story").boundingBox())?.y ?? 0;
    await expect.poll(async () => Math.abs(((await heading.boundingBox())?.y ?? 0) - top)).toBeLessThan(40);
  }
});

test("the heading of the turn that is read stays, and the list of turns follows", async ({
  page,
  openRun,
  server,
}) => {
  const long = Object.fromEntries(Array.from({ length: 60 }, (_, n) => [`key ${n}`, n]));
  await server.send(otlp(0x702, START, agent([{ tool: long }, { tool: long }, { tool: long }, {}])));
  await openRun(runId(0x702));
  const story = page.getByTestId("story");
  await story.getByText("key 3", { exact: true }).first().waitFor();
  await story.hover();
  await page.mouse.wheel(0, 700);
  const first = story.getByRole("heading", { name: "Turn 1", exact: true });
  const top = (await story.boundingBox())?.y ?? 0;
  await expect.poll(async () => ((await first.boundingBox())?.y ?? -1) - top).toBeGreaterThanOrEqual(0);
  await page.mouse.wheel(0, 1200);
  const turns = page.getByRole("navigation", { name: "Turns" });
  await expect(turns.getByRole("button", { name: /^Turn 2/ })).toHaveAttribute("aria-current", "true");
});

test("a step has its own name, not its agent's", async ({ page, openRun, server }) => {
  await server.send(otlp(0x703, START, agent([{ tool: {} }, {}])));
  await openRun(runId(0x703), "?view=tree");
  const tree = page.getByTestId("tree");
  await expect(tree.getByRole("treeitem", { name: /ChatOpenAI/ })).toHaveCount(2);
  await expect(tree.getByRole("treeitem", { name: /look_up/ })).toHaveCount(1);
  await expect(tree.getByRole("treeitem", { name: /planner/ })).toHaveCount(1);
  await page.getByRole("button", { name: /Timeline/ }).click();
  await expect(page.getByTestId("timeline").getByRole("treeitem", { name: /ChatOpenAI/ })).toHaveCount(2);
});

test("text is shown as it was said: breaks and list marks of people, breaks in Markdown", async ({
  page,
  openRun,
  server,
}) => {
  const asked = [text("# of items\n1) apples\n2) pears\n* star *")];
  const said = [text("**Done**\nfirst line\nsecond line")];
  await server.send(otlp(0x704, START, agent([{ asked, said }])));
  await openRun(runId(0x704));
  const turn = page.getByRole("region", { name: "Turn 1" });
  await expect(turn.getByText("# of items\n1) apples\n2) pears\n* star *", { exact: true })).toBeVisible();
  await expect(turn.locator("strong")).toHaveText("Done");
  await expect(turn.locator("p br")).toHaveCount(2);
  await page.getByLabel("How text is shown").selectOption("All as written");
  await expect(turn.getByText("**Done**\nfirst line\nsecond line", { exact: true })).toBeVisible();
  await page.reload();
  await expect(turn.getByText("**Done**\nfirst line", { exact: false })).toBeVisible();
});

test("an error of a tool is told once", async ({ page, openRun, server }) => {
  await server.send(otlp(0x705, START, agent([{ toolError: "no such city: Atlantis" }, {}])));
  await openRun(runId(0x705));
  const story = page.getByTestId("story");
  await expect(story.getByTestId("error-note")).toHaveCount(1);
  await expect(story.getByText("no such city: Atlantis")).toHaveCount(1);
  await expect(story.getByText("_OTHER")).toHaveCount(0);
});

test("a click anywhere on a tool's card opens its step", async ({ page, openRun, server }) => {
  await server.send(otlp(0x706, START, agent([{ tool: { answer: 42 } }, {}])));
  await openRun(runId(0x706));
  await page.getByTestId("story").getByText("Arguments").click();
  await expect(page.getByTestId("detail").getByRole("heading", { level: 2 })).toHaveText("look_up");
  await expect(page).toHaveURL(new RegExp(`step=${stepId(100)}`));
});

const PIXEL =
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

test("a picture that was sent is a picture; what is only an address is never loaded", async ({
  page,
  openRun,
  server,
}) => {
  const asked = [
    text("What is this?"),
    { type: "blob", modality: "image", mime_type: "image/png", content: PIXEL },
    { type: "blob", modality: "audio", mime_type: "audio/wav", content: "UklGRiQAAABXQVZF" },
    {
      type: "blob",
      modality: "image",
      mime_type: "image/svg+xml",
      content: btoa("<svg onload='window.pwned=1'/>"),
    },
    { type: "uri", modality: "image", uri: "http://example.invalid/x.png" },
  ];
  await server.send(otlp(0x707, START, agent([{ asked }])));
  await openRun(runId(0x707));
  const turn = page.getByRole("region", { name: "Turn 1" });
  const pictures = turn.locator("img");
  await expect(pictures).toHaveCount(1);
  await expect.poll(() => pictures.evaluate((one: HTMLImageElement) => one.naturalWidth)).toBe(1);
  await expect(turn.getByText("audio · audio/wav")).toBeVisible();
  const saving = page.waitForEvent("download");
  await turn.getByRole("link", { name: "Download" }).nth(1).click();
  expect((await saving).suggestedFilename()).toBe("audio.wav");
  await expect(turn.getByText("http://example.invalid/x.png")).toBeVisible();
});

test("a tool that gave null gave something; one whose result was not sent did not", async ({
  page,
  openRun,
  server,
}) => {
  const spans = agent([{ tool: {} }, { tool: {} }, {}]).map((span) => {
    if (span.id !== 100 && span.id !== 101) return span;
    const { "gen_ai.tool.call.result": _, ...facts } = span.facts as Record<string, string | number>;
    return { ...span, facts: span.id === 100 ? { ...facts, "gen_ai.tool.call.result": "null" } : facts };
  });
  await server.send(otlp(0x708, START, spans));
  await openRun(runId(0x708));
  const result = (turn: string) =>
    page
      .getByRole("region", { name: turn })
      .locator(".story-tool")
      .getByText(/^(none|not sent)$/);
  await expect(result("Turn 1")).toHaveText("none");
  await expect(result("Turn 2")).toHaveText("not sent");
  await page.getByRole("button", { name: "Details of the tool call look_up" }).first().click();
  await expect(page.getByRole("region", { name: "Result" })).toContainText("none");
});

test("a number is shown with every digit that was sent", async ({ page, openRun, server }) => {
  const spans = agent([{ tool: {} }, {}]).map((span) =>
    span.id === 100
      ? {
          ...span,
          facts: {
            ...span.facts,
            "gen_ai.tool.call.result":
              '{"pi":3.14159265358979323846,"id":107505301260286111,"half":0.5,"huge":1e400}',
          },
        }
      : span,
  );
  await server.send(otlp(0x709, START, spans));
  await openRun(runId(0x709));
  const card = page.getByTestId("story").locator(".story-tool");
  for (const digits of ["3.14159265358979323846", "107505301260286111", "0.5", "1e400"])
    await expect(card.getByText(digits, { exact: true })).toBeVisible();
});
