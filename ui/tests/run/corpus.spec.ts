/** What real frameworks sent, in every view of a run's page: what is on screen is what REST says. */
import type { Page } from "@playwright/test";
import { stepName } from "../../src/features/run/names";
import { bytes, count, exactCount, usd } from "../../src/lib/numbers";
import { duration } from "../../src/lib/time";
import { sendCorpus } from "../support/corpus";
import { barriers, test as base, expect } from "../support/test";
import { Turnscope } from "../support/turnscope";

/** One server with all captures, which these tests only read from. */
const test = base.extend<object, { corpus: Turnscope }>({
  corpus: [
    // biome-ignore lint/correctness/noEmptyPattern: Playwright reads from the pattern what a fixture needs
    async ({}, use) => {
      const server = await Turnscope.start("serve");
      expect(await sendCorpus(server)).toBeGreaterThan(200);
      await use(server);
      await server.stop();
    },
    { scope: "worker", timeout: 60_000 },
  ],
});

// biome-ignore lint/suspicious/noExplicitAny: replies as they come
type Json = any;

/** Letters and digits only: Markdown, folds and JSON views change everything else. */
const letters = (text: string): string => text.normalize("NFKC").replace(/[^\p{L}\p{N}]+/gu, "");
/** Enough of a text to know it by. */
const beginning = (text: string): string => letters(text).slice(0, 80);

/** Shows another address without loading the page again. */
const go = (page: Page, url: string) => page.evaluate((url) => history.pushState({}, "", url), url);

/** Everything that the story on screen tells, by turn. It is scrolled through, since only what is on screen is drawn. */
const tell = (page: Page): Promise<{ turns: string[]; all: string }> =>
  page.getByTestId("story").evaluate(async (story) => {
    const settle = async () => {
      for (let tries = 0; tries < 300; tries++) {
        await new Promise((done) => setTimeout(done, 16));
        if (!story.querySelector(".animate-pulse, .skeleton")) return;
      }
      throw new Error("the story never loaded");
    };
    const turns = new Map<number, string>();
    let all = "";
    for (let top = 0; ; top += story.clientHeight * 0.8) {
      story.scrollTop = top;
      await settle();
      for (const turn of story.querySelectorAll<HTMLElement>("[data-turn-at]"))
        turns.set(Number(turn.dataset["turnAt"]), turn.textContent ?? "");
      all += story.textContent;
      if (story.scrollTop + story.clientHeight >= story.scrollHeight - 2) break;
    }
    return { turns: [...turns].sort(([a], [b]) => a - b).map(([, text]) => text), all };
  });

/** What differs between a run's page and REST, in words. */
async function differences(page: Page, server: Turnscope, id: string): Promise<string[]> {
  const wrong: string[] = [];
  const must = (is: boolean, what: string) => {
    if (!is) wrong.push(what);
  };
  const of = `/v1/runs/${id}`;
  const [run, timeline, context, statistics]: Json[] = await Promise.all(
    ["", "/timeline", "/context", "/statistics"].map((rest) => server.get(of + rest)),
  );

  await go(page, `/ui/runs/${id}`);
  await page.locator(`[data-run="${id}"]`).waitFor();
  const header = (await page.locator("[data-run]").textContent()) ?? "";
  const { total } = run;
  must(
    (await page.locator("[data-run] [role=img]").first().getAttribute("aria-label")) === run.status,
    "status",
  );
  must(header.includes(run.agent_name ?? run.name), "name");
  if (total.cost_usd !== null) must(header.includes(usd(total.cost_usd)), `cost ${usd(total.cost_usd)}`);
  for (const field of ["input_tokens", "output_tokens", "turn_count", "tool_call_count"])
    must(header.includes(count(total[field])), `${field} ${count(total[field])}`);

  const story = await tell(page);
  must(story.turns.length === run.turns.length, `${story.turns.length} of ${run.turns.length} turns`);
  const said = letters(story.all);
  if (run.input_preview) must(said.includes(beginning(run.input_preview)), `question ${run.input_preview}`);
  if (run.output_preview) must(said.includes(beginning(run.output_preview)), `answer ${run.output_preview}`);
  run.turns.forEach((turn: Json, at: number) => {
    const text = story.turns[at] ?? "";
    const says = (what: string) => must(text.includes(what), `turn ${turn.n}: ${what}`);
    says(`Turn ${turn.n}`);
    if (turn.usage?.input_tokens != null) says(`${count(turn.usage.input_tokens)} in`);
    if (turn.usage?.output_tokens != null) says(`${count(turn.usage.output_tokens)} out`);
    if (turn.cost_usd !== null) says(usd(turn.cost_usd));
    for (const tool of turn.tool_names) says(tool);
  });

  const steps: Json[] = timeline.steps;
  const names = steps.map((step) => stepName(step.kind, step.name, step)).sort();
  for (const view of ["tree", "timeline"]) {
    await go(page, `/ui/runs/${id}?view=${view}`);
    const rows = page.getByTestId(view).getByRole("treeitem");
    await rows.first().waitFor();
    const drawn = 20;
    let all: string[][] = [];
    // The skeleton is drawn first, the rows' own names a moment later.
    const isShown = async () => {
      all = await rows.evaluateAll((rows) =>
        rows.map((row) => [row.querySelector(".truncate")?.textContent ?? "", row.textContent ?? ""]),
      );
      const shown = all.map(([name]) => name as string).sort();
      return steps.length > drawn
        ? shown.length >= drawn && shown.every((name) => names.includes(name))
        : shown.join("\n") === names.join("\n");
    };
    const shown = await expect
      .poll(isShown, { timeout: 4000 })
      .toBe(true)
      .then(() => true)
      .catch(() => false);
    must(shown, `${view}: ${all.map(([name]) => name).join(", ")} for ${names.join(", ")}`);
    if (view === "tree" && steps.length <= drawn) {
      for (const step of steps.filter((step) => step.duration_ms !== null && step.status !== "running"))
        must(
          all.some(([, text]) => text?.includes(duration(step.duration_ms))),
          `tree: ${step.name} took ${duration(step.duration_ms)}`,
        );
    }
  }

  await go(page, `/ui/runs/${id}?view=context`);
  const calls: Json[] = context.calls;
  if (calls.length === 0) {
    await page.locator("#centre p").first().waitFor();
  } else {
    await page.getByTestId("context").waitFor();
    const rows = await page.getByTestId("context").locator("ol").first().locator("button").allInnerTexts();
    must(rows.length >= Math.min(20, calls.length), `context: ${rows.length} of ${calls.length} calls`);
    const counted = calls.every((call) => call.input_tokens !== null);
    calls.slice(0, rows.length).forEach((call, at) => {
      const size = (part: Json) => (counted ? (part.tokens ?? 0) : part.bytes);
      const sum = call.segments.reduce((sum: number, part: Json) => sum + size(part), 0);
      must(rows[at]?.includes((counted ? count : bytes)(sum)) ?? false, `context: size of call ${at + 1}`);
    });
  }

  const groups: Json[] = ["kinds", "tools", "models"].flatMap((group) => statistics[group]);
  const table = page.getByRole("region", { name: "Statistics" }).getByRole("table");
  if (statistics.kinds.length > 0) {
    const rows = await table.locator("tbody tr:has(td)").allInnerTexts();
    must(rows.length === groups.length, `statistics: ${rows.length} of ${groups.length} rows`);
    groups.forEach((group, at) => {
      const cells = (rows[at] ?? "").split("\t").map((cell) => cell.trim());
      must(cells[1] === exactCount(group.count), `statistics: ${group.name} counts ${group.count}`);
      if (group.cost_usd !== null) must(cells[6] === usd(group.cost_usd), `statistics: ${group.name} costs`);
    });
  }
  must((await page.getByRole("alert").count()) === 0, "an alert");
  return wrong;
}

// In one worker, since each would have to take in the whole corpus.
test.describe.configure({ mode: "default" });

/**
 * Of each producer two runs: the one in which most happened, and one that ended otherwise or held something else. The rest differ in what
 * was said.
 */
function chosen(runs: Json[]): Json[] {
  const size = ({ total }: Json) => total.turn_count + total.tool_call_count + 5 * total.run_count;
  const shape = ({ status, total }: Json) => `${status} ${total.tool_call_count > 0} ${total.deny_count > 0}`;
  const byProducer = new Map<string, Json[]>();
  for (const run of runs) {
    const producer = `${run.service_name} ${run.dialect}`;
    byProducer.set(producer, [...(byProducer.get(producer) ?? []), run]);
  }
  return [...byProducer.values()].flatMap((runs) => {
    const [first, ...rest] = runs.sort((a, b) => size(b) - size(a));
    const other = rest.find((run) => shape(run) !== shape(first)) ?? rest[0];
    return other ? [first, other] : [first];
  });
}

test("what real frameworks sent is on screen as REST tells it", async ({ page, corpus }) => {
  test.setTimeout(400_000);
  const errors: string[] = [];
  page.on("console", (message) => {
    if (message.type() === "error") errors.push(message.text());
  });
  const { runs } = await corpus.get("/v1/runs?limit=1000&roots_only=true");
  expect(new Set(runs.map((run: Json) => run.service_name)).size).toBeGreaterThanOrEqual(52);
  await page.goto(`${corpus.url}/ui/`);
  await page.getByRole("row").nth(3).waitFor();
  const wrong: Record<string, string[]> = {};
  for (const { run_id, service_name, name } of chosen(runs)) {
    const found = await differences(page, corpus, run_id).catch((error) => [String(error)]);
    if (found.length > 0) wrong[`${service_name}: ${name} ${run_id}`] = found;
  }
  expect(wrong).toEqual({});
  expect(errors).toEqual([]);
});

/** Of different kinds: sub-agents, a policy's verdicts, a person's approval, log events, no content, a graph. */
const HANDFUL = [
  "smolagents",
  "kitelogik",
  "langgraph-hitl",
  "claude-code",
  "ai-sdk-v6-nocontent",
  "strands",
];

test("a sub-agent is told in the call that began it, also where no span of the call was sent", async ({
  page,
  corpus,
}) => {
  const { runs } = await corpus.get("/v1/runs?limit=1000&roots_only=true");
  const run = runs.find((run: Json) => run.service_name === "smolagents" && run.total.run_count > 1);
  await page.goto(`${corpus.url}/ui/runs/${run.run_id}`);
  const card = page.locator(".story-tool", { hasText: "weather_agent" }).first();
  await expect(card.locator("[data-child-run]")).toHaveCount(1);
  await expect(page.getByTestId("story").locator("[data-child-run]")).toHaveCount(1);
});

test("a call that holds the attempts at it is one call", async ({ page, corpus }) => {
  const { runs } = await corpus.get("/v1/runs?limit=1000&roots_only=true");
  const run = runs.find(
    (run: Json) => run.service_name === "kitelogik" && run.status === "failed" && run.llm_call_count === 3,
  );
  await page.goto(`${corpus.url}/ui/runs/${run.run_id}?view=tree`);
  await expect(page.getByRole("treeitem", { name: /anthropic\.messages\.create/ })).toHaveCount(3);
  await expect(page.getByTestId("tree").getByText("turn 1", { exact: true })).toHaveCount(1);
  const { kinds } = await corpus.get(`/v1/runs/${run.run_id}/statistics`);
  expect(kinds.find(({ name }: Json) => name === "llm").count).toBe(3);
});

test("real runs have no serious barrier in any view", async ({ page, corpus }) => {
  test.setTimeout(120_000);
  const { runs } = await corpus.get("/v1/runs?limit=1000&roots_only=true&order=-tokens");
  for (const part of HANDFUL) {
    const run = runs.find(({ service_name }: Json) => service_name.includes(part));
    for (const view of ["story", "tree", "timeline", "context"]) {
      await page.goto(`${corpus.url}/ui/runs/${run.run_id}?view=${view}`);
      await page.locator("#centre :is([data-testid], p)").first().waitFor();
      await expect(page.locator(".animate-pulse")).toHaveCount(0);
      expect(await barriers(page), `${part} ${view}`).toEqual([]);
    }
  }
});
