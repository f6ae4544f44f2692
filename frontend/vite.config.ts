import { gzipSync } from "node:zlib";
import react from "@vitejs/plugin-react";
import type { Plugin } from "vite";
import { defineConfig } from "vitest/config";

/** What a first visit may load before it shows a page, in compressed bytes of JavaScript. */
const FIRST_LOAD_BUDGET = 250_000;

/** Fails the build when the entry and all that it imports at once outgrow the budget. */
function firstLoadBudget(): Plugin {
  return {
    name: "first-load-budget",
    generateBundle(_options, bundle) {
      const files = new Set<string>();
      const add = (name: string) => {
        const chunk = bundle[name];
        if (chunk?.type !== "chunk" || files.has(name)) return;
        files.add(name);
        for (const imported of chunk.imports) add(imported);
      };
      for (const chunk of Object.values(bundle))
        if (chunk.type === "chunk" && chunk.isEntry) add(chunk.fileName);
      let bytes = 0;
      for (const name of files) {
        const chunk = bundle[name];
        if (chunk?.type === "chunk") bytes += gzipSync(chunk.code).length;
      }
      const text = `first load: ${Math.round(bytes / 1000)} kB of compressed JavaScript in ${files.size} files`;
      if (bytes > FIRST_LOAD_BUDGET) this.error(`${text}, more than ${FIRST_LOAD_BUDGET / 1000} kB`);
      this.info(text);
    },
  };
}

// The server answers /static/ with the built files and every other page with index.html.
export default defineConfig({
  base: "/static/",
  plugins: [react(), firstLoadBudget()],
  build: {
    outDir: "dist",
    target: "es2022",
    // Small images as data: URLs would need a wider content security policy.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    sourcemap: false,
  },
  server: { proxy: { "/api": "http://127.0.0.1:8000" } },
  test: {
    environment: "jsdom",
    include: ["src/**/*.test.{ts,tsx}"],
    restoreMocks: true,
    testTimeout: 60_000,
  },
});
