import { barriers, expect, test } from "../support/test";
import { Turnscope } from "../support/turnscope";
import { runs } from "./agent";

test("a search leads to the turn, highlighted", async ({ page, demo }) => {
  await page.goto(`${demo.url}/ui/search`);
  await expect(page.getByRole("searchbox")).toBeFocused();
  await page.keyboard.type("refund");
  const hits = page.getByRole("list", { name: "Hits" });
  await expect(hits.getByRole("listitem").filter({ hasText: "support-desk" })).toContainText("answer");
  await expect(hits.locator("mark").first()).toHaveText(/refund/i);
  await expect(page).toHaveURL(/q=refund/);
  expect(await barriers(page)).toEqual([]);
  await page.keyboard.press("Enter");
  await page.keyboard.press("j");
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/runs\/.*step=/);
});

test("a search is narrowed by what a text is, by agent and by time, and the address has it", async ({
  page,
  demo,
}) => {
  await page.goto(`${demo.url}/ui/search?q=refund`);
  const hits = page.getByRole("list", { name: "Hits" });
  const badges = hits.locator("li li span.inline-flex");
  await expect(badges.filter({ hasText: "answer" }).first()).toBeVisible();
  await page.getByRole("button", { name: "Tool results" }).click();
  await expect(page).toHaveURL(/kinds=results/);
  await expect(badges.filter({ hasText: "answer" })).toHaveCount(0);
  const found = await demo.get("/v1/search?q=refund&purpose=result&limit=30");
  expect(found.hits.length).toBeGreaterThan(0);
  await expect(badges.filter({ hasText: "tool result" })).toHaveCount(found.hits.length);
  await page.getByRole("button", { name: "Messages" }).click();
  await expect(page).toHaveURL(/kinds=results\.messages/);
  await expect(badges.filter({ hasText: "answer" }).first()).toBeVisible();
  await page.getByLabel("Agent").selectOption("support-desk");
  await expect(page).toHaveURL(/agent=support-desk/);
  await expect(hits.getByRole("heading").first()).toHaveText(/support-desk/);
  for (const heading of await hits.getByRole("heading").allTextContents())
    expect(heading).toMatch(/^support-desk/);
  await page.getByLabel("Time range").selectOption("15m");
  await expect(page).toHaveURL(/last=15m/);
  await page.getByLabel("Only in runs").fill("status:nonsense");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("alert")).toContainText('there is no status "nonsense"');
  await page.goBack();
  await expect(page.getByRole("alert")).toHaveCount(0);
  expect(await barriers(page)).toEqual([]);
});

test("what is found nowhere is said", async ({ page, demo }) => {
  await page.goto(`${demo.url}/ui/search?q=xyzzyplugh`);
  await expect(page.getByText("Nothing contains all of these words")).toBeVisible();
});

test("the settings say what is configured, from where, and what calls cost", async ({ page, demo }) => {
  await page.goto(`${demo.url}/ui/settings`);
  await expect(page.getByText("Everything works.")).toBeVisible();
  await expect(page.getByRole("region", { name: "Store" })).toContainText("Search index");
  const { values } = await demo.get("/v1/config");
  await expect(page.getByRole("cell", { name: values[0].name, exact: true })).toBeVisible();
  await page.getByRole("searchbox", { name: "Find a price" }).fill("gpt-5-mini");
  await expect(page.getByRole("group", { name: "Price list" })).toContainText("gpt-5-mini");
  expect(await barriers(page)).toEqual([]);
});

test("the settings name services whose calls say no tokens", async ({ page, fresh }) => {
  const attributes = [
    { key: "gen_ai.operation.name", value: { stringValue: "chat" } },
    { key: "gen_ai.request.model", value: { stringValue: "m" } },
    { key: "acme.tok.in", value: { intValue: "12" } },
  ];
  const name = { key: "service.name", value: { stringValue: "silent-shop" } };
  const span = {
    traceId: "00000000000000000000000000005115",
    spanId: "0000000000005115",
    name: "chat m",
    startTimeUnixNano: "1700000000000000000",
    endTimeUnixNano: "1700000001000000000",
    attributes,
  };
  await page.goto(`${fresh.url}/ui/settings`);
  await expect(page.getByRole("heading", { name: "Prices" })).toBeVisible();
  await expect(page.getByRole("region", { name: "Calls without tokens" })).toHaveCount(0);
  await fresh.send({
    resourceSpans: [{ resource: { attributes: [name] }, scopeSpans: [{ spans: [span] }] }],
  });
  await page.reload();
  const hint = page.getByRole("region", { name: "Calls without tokens" });
  await expect(hint).toContainText("silent-shop: 1 call.");
  await expect(hint).toContainText(`turnscope unmapped -q 'service:"silent-shop"'`);
  const wordless = page.getByRole("region", { name: "Runs without messages" });
  await expect(wordless).toContainText("silent-shop: 1 call.");
  expect(await barriers(page)).toEqual([]);
});

test("a failing health names itself", async ({ page, demo }) => {
  await page.route("**/health", (route) => route.fulfill({ status: 503, json: { title: "stopping" } }));
  await page.goto(`${demo.url}/ui/settings`);
  await expect(page.getByRole("alert").first()).toContainText("Health could not be loaded: stopping");
});

test("the snippets name this server, and turn green with the first span", async ({ page, fresh }) => {
  await page.goto(`${fresh.url}/ui/start`);
  await expect(page.getByText("Waiting for a span")).toBeVisible();
  await page.getByRole("tab", { name: "Plain OTLP" }).click();
  await expect(page.getByRole("tabpanel")).toContainText(`curl ${fresh.url}/v1/traces`);
  await expect(page.getByText("Live", { exact: true })).toBeVisible();
  await fresh.send(runs([{ n: 7, agent: "newcomer" }]));
  await expect(page.getByText("newcomer has arrived.")).toBeVisible();
  expect(await barriers(page)).toEqual([]);
  await page.getByRole("link", { name: "Open it" }).click();
  await expect(page).toHaveURL(/\/ui\/runs\//);
});

test("with a key set nothing shows before it is given, and once given it is kept", async ({ page }) => {
  const server = await Turnscope.start("serve", ["--api-key", "a-key-of-the-tests"]);
  try {
    await page.goto(`${server.url}/ui/`);
    await expect(page.getByRole("heading", { name: "Turnscope asks for a key" })).toBeVisible();
    expect(await barriers(page)).toEqual([]);
    await page.getByLabel("API key").fill("wrong");
    await page.keyboard.press("Enter");
    await expect(page.getByRole("alert")).toContainText("This is not the server's API key.");
    await page.getByLabel("API key").fill("a-key-of-the-tests");
    await page.keyboard.press("Enter");
    await expect(page.getByText("No runs yet")).toBeVisible();
    await expect(page.getByText("Live", { exact: true })).toBeVisible();
    await page.reload();
    await expect(page.getByText("No runs yet")).toBeVisible();
    expect(await page.evaluate(() => document.cookie)).toBe("");
    await page.goto(`${server.url}/ui/settings`);
    await page.getByRole("button", { name: "Sign out" }).click();
    await expect(page.getByRole("heading", { name: "Turnscope asks for a key" })).toBeVisible();
  } finally {
    await server.stop();
  }
});

test("the palette goes anywhere and the help names the keys", async ({ page, demo }) => {
  await page.goto(`${demo.url}/ui/`);
  await page.getByRole("row").nth(3).waitFor();
  await page.keyboard.press("?");
  await expect(page.getByRole("dialog", { name: "Keys" })).toContainText("show it beside the list");
  await page.keyboard.press("Escape");
  await page.keyboard.press("Control+k");
  await expect(page.getByRole("dialog", { name: "Go anywhere" }).getByRole("combobox")).toBeFocused();
  expect(await barriers(page)).toEqual([]);
  await page.keyboard.type("treasury");
  await expect(page.getByRole("option", { name: /Close October/ })).toHaveAttribute("aria-selected", "true");
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/\/ui\/runs\//);
});

test("a lost server is said, and found again", async ({ page, context, demo }) => {
  await page.goto(`${demo.url}/ui/`);
  await expect(page.getByText("Live", { exact: true })).toBeVisible();
  await context.setOffline(true);
  await page.goto(`${demo.url}/ui/`).catch(() => undefined);
  await context.setOffline(false);
  await page.route("**/v1/live", (route) => route.abort());
  await page.goto(`${demo.url}/ui/`);
  await expect(page.getByText("Cannot reach the server, trying again")).toBeVisible();
});
