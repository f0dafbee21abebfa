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

/**
 * Takes each icon from its own file. The package's index draws in some 1,500 components, which costs the tests and the build
 * most of their time and gives them nothing.
 */
function icons(): Plugin {
  const barrel = /import \{([^}]+)\} from "@lucide\/svelte";/g;
  const file = (name: string) => name.replace(/([a-z])([A-Z0-9])/g, "$1-$2").toLowerCase();
  const single = (names: string) => names.split(",").map((name) => name.trim()).filter((name) => name !== "").map((name) => `import ${name} from "@lucide/svelte/icons/${file(name)}";`).join(" ");
  return { name: "icons", enforce: "pre", transform: (code, id) => (id.endsWith(".svelte") && code.includes('"@lucide/svelte"') ? code.replace(barrel, (_, names: string) => single(names)) : null) };
}

const { version } = JSON.parse(readFileSync(new URL("./package.json", import.meta.url), "utf8")) as { version: string };

export default defineConfig(({ mode }) => ({
  plugins: [icons(), svelte({ configFile: false, preprocess: vitePreprocess() }), ...(mode === "fake" ? [policy()] : [])],
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
    include: ["test/*.test.ts"],
    // A loaded machine is slow, not wrong: no test waits for time, this only ends one that hangs.
    testTimeout: 60_000,
    setupFiles: ["test/setup.ts"],
    restoreMocks: true,
    // One page is loaded once for all files: every test opens it anew and takes it down, nothing lives between them.
    isolate: false,
  },
}));
