// How the console's page is built and tested. The page is served with the shell's policy (`style-src 'self'`), so nothing
// may be inlined: no data URLs, no inline scripts, no injected styles. `--mode fake` builds the page without the shell.
import { svelte, vitePreprocess } from "@sveltejs/vite-plugin-svelte";
import { readFileSync } from "node:fs";
import type { Plugin } from "vite";
import { defineConfig } from "vitest/config";

/** The shell's policy, put into the fake build as well, so that whatever breaks it breaks there first. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "font-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "object-src 'none'",
].join("; ");

function policy(): Plugin {
  const tag = { tag: "meta", attrs: { "http-equiv": "Content-Security-Policy", content: POLICY }, injectTo: "head-prepend" as const };
  return { name: "policy", apply: "build", transformIndexHtml: () => [tag] };
}

const { version } = JSON.parse(readFileSync(new URL("./package.json", import.meta.url), "utf8")) as { version: string };

export default defineConfig(({ mode }) => ({
  plugins: [svelte({ configFile: false, preprocess: vitePreprocess() }), ...(mode === "fake" ? [policy()] : [])],
  define: { __VERSION__: JSON.stringify(version) },
  clearScreen: false,
  server: { port: 5173, strictPort: true },
  resolve: process.env.VITEST ? { conditions: ["browser"] } : {},
  build: {
    target: ["safari18", "chrome123"],
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 900,
  },
  test: {
    environment: "jsdom",
    include: ["test/**/*.test.ts"],
    setupFiles: ["test/setup.ts"],
    restoreMocks: true,
  },
}));
