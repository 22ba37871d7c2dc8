import { messages, otlp, runId, stepId, text } from "./otlp";
import { expect, test } from "./world";

const HTML =
  "<script>window.pwned = 1</script><img src=x onerror='window.pwned = 1'> [click](javascript:window.pwned=1) " +
  "![x](http://example.invalid/x.png)";
const BIDI = "pay \u202e00001\u202c EUR";
const DEEP = `${"[".repeat(5000)}1${"]".repeat(5000)}`;
const BIG = "0123456789".repeat(1_000_000);

const hostile = otlp(0xbad, 1_790_000_000_000, [
  {
    id: 1,
    name: `invoke_agent ${BIDI}`,
    from: 0,
    to: 5000,
    facts: { "gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": `<b>x</b> ${BIDI}` },
  },
  {
    id: 2,
    parent: 1,
    name: "chat",
    from: 0,
    to: 1000,
    facts: {
      "gen_ai.operation.name": "chat",
      "gen_ai.request.model": "<img>",
      "gen_ai.input.messages": messages("user", text(HTML + BIDI)),
      "gen_ai.output.messages": messages("assistant", text(BIG), {
        type: "tool_call",
        id: "c",
        name: "<b>t</b>",
        arguments: {},
      }),
    },
  },
  {
    id: 3,
    parent: 1,
    name: "execute_tool",
    from: 1000,
    to: 2000,
    error: HTML,
    facts: {
      "gen_ai.operation.name": "execute_tool",
      "gen_ai.tool.name": "<b>t</b>",
      "gen_ai.tool.call.id": "c",
      "gen_ai.tool.call.arguments": `{"deep":${DEEP}}`,
      "gen_ai.tool.call.result": DEEP,
    },
  },
  ...Array.from({ length: 300 }, (_, n) => ({
    id: n + 4,
    parent: n === 0 ? 3 : n + 3,
    name: `level ${n}`,
    from: 1000,
    to: 2000,
  })),
]);

test.beforeAll(async ({ server }) => server.send(hostile));
test.afterEach(async ({ page }) => {
  expect(await page.evaluate(() => "pwned" in window)).toBe(false);
});

test("HTML is text, overrides are visible, nothing is loaded or followed", async ({ page, openRun }) => {
  await openRun(runId(0xbad));
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("<b>x</b> pay ⟨U+202E⟩00001⟨U+202C⟩ EUR");
  const turn = page.getByRole("region", { name: "Turn 1" });
  await expect(turn).toContainText("<script>window.pwned = 1</script>");
  await expect(turn.locator("img, script, a[href]")).toHaveCount(0);
});

test("ten megabytes are read in pages while the page stays alive", async ({ page, openRun }) => {
  await openRun(runId(0xbad));
  const pages = page.getByRole("region", { name: "answer" });
  await expect(pages).toContainText("page 1 of 153");
  await pages.getByRole("button", { name: "Last" }).click();
  await expect(pages).toContainText("page 153 of 153");
  await expect(pages).toContainText("0123456789");
  const longest = await page.evaluate(
    () =>
      new Promise<number>((resolve) => {
        let [last, longest] = [performance.now(), 0];
        const tick = (now: number) => {
          longest = Math.max(longest, now - last);
          last = now;
          if (now < stop) requestAnimationFrame(tick);
          else resolve(longest);
        };
        const stop = last + 1000;
        requestAnimationFrame(tick);
      }),
  );
  expect(longest).toBeLessThan(500);
});

test("five thousand levels open one by one, and the tree shows three hundred", async ({ page, openRun }) => {
  await openRun(runId(0xbad), `?view=tree&step=${stepId(3)}`);
  const detail = page.getByTestId("detail");
  await expect(detail.getByRole("region", { name: "Result" }).first()).toBeVisible();
  await detail.getByRole("button", { name: "Unfold 0" }).first().click();
  await expect(page.getByRole("treeitem", { name: /level 0/ })).toBeVisible();
});
