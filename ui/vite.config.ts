/// <reference types="vitest/config" />
import tailwindcss from "@tailwindcss/vite";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

/** The server that `npm run dev` asks, as `turnscope serve` prints it. */
const server = process.env["TURNSCOPE_URL"] ?? "http://127.0.0.1:8000";

export default defineConfig({
  base: "/ui/",
  plugins: [react(), tailwindcss()],
  // Nothing is inlined: the content security policy allows no data in scripts and styles.
  build: { target: "es2023", assetsInlineLimit: 0, modulePreload: { polyfill: false } },
  server: {
    proxy: Object.fromEntries(["/v1", "/health", "/metrics", "/openapi.json"].map((path) => [path, server])),
  },
  test: { include: ["src/**/*.test.{ts,tsx}"], restoreMocks: true },
});
