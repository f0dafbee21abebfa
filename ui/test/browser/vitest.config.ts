// The page in a real browser: `npm run test:axe`. The fake build is made and served once; every test opens it anew.
import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

export default defineConfig({
  root: fileURLToPath(new URL("../..", import.meta.url)),
  test: {
    environment: "node",
    include: ["test/browser/**/*.test.ts"],
    globalSetup: ["test/browser/served.ts"],
    // A loaded machine is slow, not wrong: every wait is for a state, and these only end a wait that is hopeless.
    testTimeout: 60_000,
    hookTimeout: 120_000,
    maxWorkers: 2,
  },
});
