import { defineConfig } from "@playwright/test";

/** The browser tests: the real binary (`TURNSCOPE_BIN`) in Debian's Chromium. `cargo xtask browse` runs them. */
export default defineConfig({
  testDir: "tests",
  fullyParallel: true,
  workers: 2,
  timeout: 60_000,
  expect: { timeout: 10_000 }, // CI shares its cores
  forbidOnly: !!process.env["CI"],
  retries: 1, // and the second try is reported as flaky: a defect to look at, of the page or of its test
  reporter: "list",
  use: {
    viewport: { width: 1440, height: 900 },
    launchOptions: {
      executablePath: process.env["CHROMIUM"] ?? "/usr/bin/chromium",
      // Containers run as root, where Chromium's sandbox does not start.
      args: process.getuid?.() === 0 ? ["--no-sandbox"] : [],
    },
    screenshot: "only-on-failure",
  },
});
