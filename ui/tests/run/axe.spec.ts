import { barriers } from "../support/test";
import { expect, test } from "./world";

/** What is visible once a view has loaded. */
const READY = {
  story: "Final answer",
  tree: "policy_gate.evaluate",
  timeline: "policy_gate.evaluate",
  context: "Context",
} as const;

for (const scheme of ["light", "dark"] as const) {
  for (const [view, ready] of Object.entries(READY)) {
    test(`the ${view} has no serious barrier (${scheme})`, async ({ page, openRun }) => {
      await page.emulateMedia({ colorScheme: scheme, reducedMotion: "reduce" });
      await openRun("treasury", `?view=${view}&turn=4`);
      await page.getByText(ready).first().waitFor();
      if (view !== "context") {
        await page.keyboard.press("k");
        await page.getByTestId("detail").getByRole("tablist").waitFor();
      }
      expect(await barriers(page)).toEqual([]);
    });
  }
}
