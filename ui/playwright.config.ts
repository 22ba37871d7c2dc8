import { defineConfig } from "@playwright/test";

/** The browser tests of the real binary (`TURNSCOPE_BIN`) in Debian's Chromium. Run by `cargo xtask browse`. */
export default defineConfig({
  testDir: "tests",
  fullyParallel: true,
  workers: 2,
  timeout: 60_000,
  expect: { timeout: 10_000 }, // CI shares its cores
  forbidOnly: !!process.env["CI"],
  retries: 1, // a test that passes on the second try is reported as flaky, which is a defect of the page or of the test
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
