import { defineConfig } from "@playwright/test";
import tests from "./playwright.config";

/** The pictures of the docs, from the demo's data. `cargo xtask picture` takes them again. */
export default defineConfig(tests, {
  testDir: "pictures",
  testMatch: "take.ts",
  use: { viewport: { width: 1280, height: 760 } },
});
