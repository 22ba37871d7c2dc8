import { defineConfig } from "@playwright/test";
import tests from "./playwright.config";

/** Takes the pictures in the docs from the demo's data. Run by `cargo xtask picture`. */
export default defineConfig(tests, {
  testDir: "pictures",
  testMatch: "take.ts",
  use: { viewport: { width: 1280, height: 760 } },
});
