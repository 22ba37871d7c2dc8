import { barriers, expect, test } from "./support/test";

test("every page is a link, has no barrier, and stays within its policy", async ({ page, demo }) => {
  for (const path of ["", "search", "start", "settings"]) {
    const reply = await page.goto(`${demo.url}/ui/${path}`);
    expect(reply?.headers()["content-security-policy"]).toContain("script-src 'self'");
    await expect(page.getByRole("navigation", { name: "Pages" })).toBeVisible();
    await page.waitForLoadState("networkidle", { timeout: 2000 }).catch(() => undefined);
    expect(await barriers(page), `/ui/${path}`).toEqual([]);
  }
});
