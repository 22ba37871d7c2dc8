/// <reference types="vitest/config" />
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import tailwindcss from "@tailwindcss/vite";
import react from "@vitejs/plugin-react";
import { defineConfig, type Plugin } from "vite";

/** The server that `npm run dev` asks, as `turnscope serve` prints it. */
const server = process.env["TURNSCOPE_URL"] ?? "http://127.0.0.1:8000";

/** Compresses each asset once, at build time, so that the server need not do it for each request. */
function compressed(): Plugin {
  return {
    name: "turnscope-compressed",
    apply: "build",
    writeBundle({ dir = "dist" }) {
      const assets = join(dir, "assets");
      for (const name of readdirSync(assets).filter((name) => /\.(js|css)$/.test(name))) {
        writeFileSync(join(assets, `${name}.gz`), gzipSync(readFileSync(join(assets, name)), { level: 9 }));
      }
    },
  };
}

export default defineConfig({
  base: "/ui/",
  plugins: [react(), tailwindcss(), compressed()],
  // Nothing is inlined: the content security policy forbids data: URLs in scripts and styles.
  build: {
    target: "es2023",
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    license: { fileName: "licences.md" },
    manifest: true,
    // Few files, since each costs a request before the page shows: one with what every page needs, and one with what the
    // detail pages share.
    rolldownOptions: {
      output: {
        codeSplitting: {
          groups: [
            { name: "turnscope", tags: ["$initial"], priority: 2 },
            { name: "shared", test: /node_modules/, minShareCount: 2, priority: 1 },
          ],
        },
      },
    },
  },
  // Scripts use relative URLs for one another, so that the server can serve the UI at any path.
  experimental: {
    renderBuiltUrl: (_, { hostType }) => (hostType === "html" ? undefined : { relative: true }),
  },
  server: {
    proxy: Object.fromEntries(["/v1", "/health", "/metrics", "/openapi.json"].map((path) => [path, server])),
  },
  test: { include: ["src/**/*.test.{ts,tsx}"], restoreMocks: true },
});
