// Screenshots of every scene of the fake build, in both themes and several sizes, into ../target/shots; with them axe and a
// watch for violations of the page's policy. `npm run shots -- inbox confirm` takes only those; `--out DIR` puts them
// elsewhere; `--every-size` takes each scene of a whole window in both sizes of one.
import { chromium } from "playwright-core";
import { createReadStream, existsSync, mkdirSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import { extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const here = fileURLToPath(new URL(".", import.meta.url));
const built = join(here, "../../target/ui-fake");
const { values: asked, positionals: wanted } = parseArgs({
  options: { out: { type: "string", default: join(here, "../../target/shots") }, "every-size": { type: "boolean", default: false } },
  allowPositionals: true,
});
const out = asked.out;
const axe = readFileSync(join(here, "../node_modules/axe-core/axe.min.js"), "utf8");
const browserAt = process.env.CHROMIUM ?? "/usr/bin/chromium";

const WIDE = [1440, 900];
const SMALL = [900, 600];
const PAGER = [380, 560];

/** name -> scene, what to do first, sizes. */
const press = (...keys) => async (page) => {
  for (const key of keys) await page.keyboard.press(key);
};
const openLast = (page) => page.getByRole("option").last().click();
const SHOTS = [
  { name: "first", sizes: [WIDE, SMALL, PAGER] },
  { name: "inbox", sizes: [WIDE, SMALL, PAGER] },
  { name: "inbox-card", scene: "inbox", sizes: [PAGER], act: (page) => page.getByRole("option").first().click() },
  { name: "newcomers", live: true, act: async (page) => { await page.getByRole("listbox").hover(); await page.getByText("3 new").waitFor(); } },
  { name: "confirm", scene: "inbox", sizes: [WIDE, SMALL], act: async (page) => { await press("a")(page); await page.locator("[data-confirm].fill").waitFor(); } },
  { name: "confirm-high", scene: "held", sizes: [WIDE, SMALL, PAGER], act: async (page) => { if (page.viewportSize().width < 700) await page.getByRole("option").first().click(); await page.locator('[data-offer="approve"]').click(); await page.getByLabel(/Type the target/).fill("pgboun"); } },
  { name: "reject", scene: "inbox", act: async (page) => { await press("r")(page); await page.getByText("Too risky right now").click(); } },
  { name: "held", sizes: [WIDE, SMALL] },
  { name: "results", sizes: [WIDE, SMALL, PAGER], act: openNarrow },
  { name: "tookeffect", act: openLast },
  { name: "failed", act: openLast },
  { name: "unknown", sizes: [WIDE, SMALL] },
  { name: "sent" },
  { name: "rejected", act: openLast },
  { name: "stopped", act: openLast },
  { name: "conflict", act: openLast },
  { name: "elsewhere", act: openLast },
  { name: "nottaken" },
  { name: "refused" },
  { name: "expired", act: openLast },
  { name: "changed", act: async (page) => { await press("a")(page); await page.getByText("It changed", { exact: true }).waitFor(); await page.getByRole("button", { name: "Close" }).click(); } },
  { name: "hostile", sizes: [WIDE, SMALL], act: (page) => page.getByRole("option").nth(1).click() },
  { name: "undisclosed" },
  { name: "offline", sizes: [WIDE, SMALL] },
  { name: "signin" },
  { name: "untrusted" },
  { name: "rehearsal" },
  { name: "empty", sizes: [WIDE, PAGER] },
  { name: "loading" },
  { name: "error" },
  { name: "palette", scene: "inbox", act: async (page) => { await press("Control+k")(page); await page.keyboard.type("re"); } },
  { name: "help", scene: "inbox", act: press("?") },
  { name: "runbooks", scene: "inbox", sizes: [WIDE, SMALL, PAGER], act: press("g", "r") },
  { name: "runbooks-offline", scene: "offline", act: press("g", "r") },
  { name: "mappings", scene: "inbox", sizes: [WIDE, SMALL, PAGER], act: async (page) => { await press("g", "m")(page); if (page.viewportSize().width > 700) await page.getByText("consumer-lag-ledger").click(); } },
  { name: "history", scene: "inbox", sizes: [WIDE, SMALL, PAGER], act: press("g", "h") },
  { name: "badreceipt", act: press("g", "h") },
  { name: "settings", scene: "inbox", sizes: [WIDE, SMALL, PAGER], act: press("g", "s") },
  { name: "settings-signin", scene: "signin", act: press("g", "s") },
  // 200 % zoom of a 1440 x 900 window.
  { name: "zoom-inbox", scene: "inbox", sizes: [[720, 450]], scale: 2, act: openNarrow },
  { name: "zoom-history", scene: "inbox", sizes: [[720, 450]], scale: 2, act: press("g", "h") },
  { name: "zoom-settings", scene: "inbox", sizes: [[720, 450]], scale: 2, act: press("g", "s") },
];

/** A scene that is shown in a whole window; others have a size of their own. */
function sizesOf({ sizes = [WIDE] }) {
  return asked["every-size"] && sizes.includes(WIDE) ? [...new Set([WIDE, SMALL, ...sizes])] : sizes;
}

async function openNarrow(page) {
  if (page.viewportSize().width < 761) await page.getByRole("option").first().click();
}

const TYPES = { ".html": "text/html", ".js": "text/javascript", ".css": "text/css", ".woff2": "font/woff2", ".svg": "image/svg+xml" };
const server = createServer((request, response) => {
  const path = new URL(request.url, "http://localhost").pathname;
  if (path === "/favicon.ico") return response.writeHead(204).end();
  const file = join(built, path === "/" ? "index.html" : path);
  if (!file.startsWith(built) || !existsSync(file)) return response.writeHead(404).end();
  response.writeHead(200, { "content-type": TYPES[extname(file)] ?? "application/octet-stream" });
  createReadStream(file).pipe(response);
});
await new Promise((ready) => server.listen(0, "127.0.0.1", ready));
const origin = `http://127.0.0.1:${server.address().port}`;

mkdirSync(out, { recursive: true });
const browser = await chromium.launch({ executablePath: browserAt, args: ["--no-sandbox", "--force-color-profile=srgb"] });
let taken = 0;
const wrong = [];

async function shoot(shot, theme, [width, height]) {
  const context = await browser.newContext({ viewport: { width, height }, deviceScaleFactor: shot.scale ?? 1, colorScheme: theme, timezoneId: "UTC", locale: "en-GB", reducedMotion: "reduce", bypassCSP: true });
  const page = await context.newPage();
  page.setDefaultTimeout(8000);
  const label = `${shot.name}-${theme}-${width}x${height}`;
  const say = (what) => wrong.push(`${label}: ${what}`);
  page.on("pageerror", (error) => say(`error ${error.message}`));
  page.on("console", (line) => line.type() === "error" && say(`console ${line.text()}`));
  page.on("request", (request) => !request.url().startsWith(origin) && !request.url().startsWith("data:") && say(`left the page: ${request.url()}`));
  try {
    await page.goto(`${origin}/?scene=${shot.scene ?? shot.name}${shot.live ? "" : "&still"}`);
    await page.locator("h1, h2").first().waitFor();
    await page.evaluate(() => document.fonts.ready);
    await page.waitForLoadState("networkidle");
    if (shot.act) await shot.act(page);
    await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
    await page.screenshot({ path: join(out, `${label}.png`) });
    taken += 1;
    await page.addScriptTag({ content: axe });
    const found = await page.evaluate(() => window.axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"] }));
    for (const one of found.violations) say(`axe ${one.id}: ${one.nodes.slice(0, 2).map((node) => node.html.slice(0, 140)).join(" | ")} ${one.nodes[0]?.any?.[0]?.message ?? ""}`);
    const wide = await page.evaluate(() => document.documentElement.scrollWidth > innerWidth + 1);
    if (wide) say("wider than the window");
  } catch (error) {
    say(`could not be taken: ${String(error).split("\n")[0]}`);
  }
  await context.close();
}

/** The page under its own policy: whatever it forbids shows here. */
async function underPolicy(scene, keys) {
  const page = await browser.newPage();
  await page.addInitScript(() => {
    window.violations = [];
    addEventListener("securitypolicyviolation", (event) => window.violations.push(`${event.violatedDirective} ${event.sourceFile ?? ""}:${event.lineNumber} ${event.sample}`));
  });
  await page.goto(`${origin}/?scene=${scene}`);
  await page.locator("h1, h2").first().waitFor();
  for (const key of keys) {
    await page.keyboard.press(key);
    await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
  }
  for (const violation of await page.evaluate(() => window.violations)) wrong.push(`policy, ${scene}: ${violation}`);
  await page.close();
}

const jobs = SHOTS.filter((shot) => wanted.length === 0 || wanted.includes(shot.name)).flatMap((shot) => ["light", "dark"].flatMap((theme) => sizesOf(shot).map((size) => () => shoot(shot, theme, size))));
const hands = Array.from({ length: 2 }, async () => {
  for (let job = jobs.shift(); job; job = jobs.shift()) await job();
});
await Promise.all(hands);
for (const [scene, keys] of [["inbox", ["a", "Escape", "r", "Escape", "?", "Escape", "Control+k", "Escape", "g", "h", "g", "r", "g", "m", "g", "s"]], ["first", []], ["results", []], ["hostile", []]]) await underPolicy(scene, keys);
await browser.close();
server.close();
console.log(`${taken} screenshots in ${out}, ${wrong.length} things wrong`);
for (const line of wrong) console.log(`  ${line}`);
process.exitCode = wrong.length === 0 ? 0 : 1;
