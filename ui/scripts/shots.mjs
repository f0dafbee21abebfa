// Screenshots of every scene of the fake build, in both themes and several sizes, into ../target/shots. The page is served under
// the shell's own policy; a violation of it, a console or page error, a request that leaves, a page wider than its window or
// anything axe finds makes it fail. `npm run shots -- inbox confirm` takes only those; `--out DIR` puts them
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
const axe = join(here, "../node_modules/axe-core/axe.min.js");
/** What the shell serves the page with. The fake needs no shell, so nothing at all may be connected to. */
const POLICY = readPolicy();
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
  { name: "unknown", sizes: [WIDE, SMALL, PAGER], act: openNarrow },
  { name: "unknowns", sizes: [WIDE, SMALL, PAGER] },
  { name: "history-unknown", scene: "unknowns", act: async (page) => { await press("g", "h")(page); await page.getByText("Replica lag 38 s").first().click(); } },
  { name: "history-takenback", scene: "inbox", act: async (page) => { await press("g", "h")(page); await page.getByRole("option").filter({ hasText: "not carried out" }).click(); } },
  { name: "sent" },
  { name: "rejected", act: openLast },
  { name: "stopped", act: openLast },
  { name: "conflict", act: openLast },
  { name: "elsewhere", sizes: [WIDE, PAGER], act: elsewhere },
  { name: "elsewhere-under-pointer", scene: "elsewhere", act: async (page) => { await page.locator('[data-offer="approve"]').hover(); await next(page); await page.getByText("What stood here is closed").waitFor(); } },
  { name: "elsewhere-dialog", scene: "elsewhere", act: async (page) => { await press("a")(page); await page.locator("[data-confirm].fill").waitFor(); await next(page); await page.getByText("Decided elsewhere").waitFor(); } },
  { name: "rejectedelsewhere", act: async (page) => { await next(page); await page.getByText("rejected it at").first().waitFor(); } },
  { name: "nottaken" },
  { name: "refused" },
  { name: "expired" },
  { name: "own", act: openLast },
  { name: "unclear" },
  { name: "changed", sizes: [WIDE, SMALL], act: async (page) => { await press("a")(page); await page.getByText("It changed", { exact: true }).waitFor(); await page.getByRole("button", { name: "Close" }).click(); } },
  { name: "changedafter", sizes: [WIDE, SMALL, PAGER], act: openNarrow },
  { name: "hostile", sizes: [WIDE, SMALL, PAGER], act: (page) => page.getByRole("option").nth(1).click() },
  { name: "undisclosed", act: openLast },
  { name: "offline", sizes: [WIDE, SMALL, PAGER] },
  { name: "offline-queued", scene: "offline", sizes: [WIDE, SMALL, PAGER], act: (page) => page.getByRole("option").nth(1).click() },
  { name: "offline-reject", scene: "offline", act: async (page) => { await press("r")(page); await page.getByText("Wrong target").click(); } },
  { name: "offline-queue", scene: "offline", sizes: [WIDE, PAGER], act: async (page) => { await openNarrow(page); await press("r")(page); await page.getByText("Wrong target").click(); await page.getByRole("button", { name: /^Reject as/ }).click(); await page.locator("[data-confirm].fill").waitFor(); } },
  { name: "undo", act: async (page) => { await press("a")(page); await page.locator("[data-confirm].fill").click(); await page.getByText("held for 10 s").first().waitFor(); } },
  { name: "heldback", sizes: [WIDE, SMALL, PAGER], act: openNarrow },
  { name: "takenback" },
  { name: "waitsgateway", sizes: [WIDE, SMALL, PAGER], act: openNarrow },
  { name: "ratelimited", sizes: [WIDE, SMALL] },
  { name: "frozen", sizes: [WIDE, SMALL, PAGER], act: openNarrow },
  { name: "history-offline", scene: "offline", sizes: [SMALL], act: press("g", "h") },
  { name: "several", sizes: [WIDE, SMALL] },
  { name: "runbooks-several", scene: "several", sizes: [WIDE, SMALL, PAGER], act: press("g", "r") },
  { name: "mappings-several", scene: "several", sizes: [WIDE], act: press("g", "m") },
  { name: "settings-several", scene: "several", sizes: [WIDE], act: press("g", "s") },
  { name: "notified" },
  { name: "quiet" },
  { name: "settings-quiet", scene: "quiet", sizes: [SMALL], act: press("g", "s") },
  { name: "quit", scene: "offline", act: async (page) => { await press("g", "s")(page); await page.getByRole("button", { name: "Quit Holdpoint" }).click(); } },
  { name: "signin" },
  { name: "untrusted" },
  { name: "polling" },
  { name: "settings-polling", scene: "polling", act: press("g", "s") },
  { name: "catchingup" },
  { name: "clocksapart" },
  { name: "portal" },
  { name: "proxied", sizes: [WIDE, SMALL, PAGER] },
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
  { name: "history-failed", scene: "inbox", sizes: [WIDE, SMALL], act: async (page) => { await press("g", "h")(page); await page.getByRole("option").filter({ hasText: "failed at" }).first().click(); } },
  { name: "history-nothing", scene: "inbox", act: async (page) => { await press("g", "h", "/")(page); await page.keyboard.type("no such thing"); await page.getByText("Nothing found").waitFor(); } },
  { name: "diskfull", sizes: [WIDE, SMALL, PAGER] },
  { name: "readonly", sizes: [WIDE, PAGER] },
  { name: "damaged", sizes: [WIDE, SMALL, PAGER] },
  { name: "settings-damaged", scene: "damaged", sizes: [WIDE, SMALL], act: press("g", "s") },
  { name: "badreceipt", act: press("g", "h") },
  { name: "settings", scene: "inbox", sizes: [WIDE, SMALL, PAGER], act: press("g", "s") },
  { name: "settings-signin", scene: "signin", act: press("g", "s") },
  // 200 % zoom of a 1440 x 900 window.
  { name: "zoom-inbox", scene: "inbox", sizes: [[720, 450]], scale: 2, act: openNarrow },
  { name: "zoom-history", scene: "inbox", sizes: [[720, 450]], scale: 2, act: press("g", "h") },
  { name: "zoom-settings", scene: "inbox", sizes: [[720, 450]], scale: 2, act: press("g", "s") },
  // 200 % zoom of the smallest window.
  { name: "zoom-small", scene: "inbox", sizes: [[450, 300]], scale: 2, act: openNarrow },
];

/** A scene that is shown in a whole window; others have a size of their own. */
function sizesOf({ sizes = [WIDE] }) {
  return asked["every-size"] && sizes.includes(WIDE) ? [...new Set([WIDE, SMALL, ...sizes])] : sizes;
}

function readPolicy() {
  const file = join(here, "../../src-tauri/tauri.conf.json");
  const shell = existsSync(file) ? JSON.parse(readFileSync(file, "utf8")).app.security.csp : "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src ipc:; base-uri 'none'; form-action 'none'; frame-src 'none'; object-src 'none'";
  return shell.replace(/connect-src [^;]*/, "connect-src 'none'");
}

/** Decided by another while the card is open: it stays, and says by whom. */
async function elsewhere(page) {
  await openNarrow(page);
  await page.locator("[data-card]").waitFor();
  await next(page);
  await page.getByText("approved it at").first().waitFor();
}

/** What somebody else does next in this scene. */
function next(page) {
  return page.evaluate(() => window.fake.next());
}

async function openNarrow(page) {
  if (page.viewportSize().width < 761) await page.getByRole("option").first().click();
}

const TYPES = { ".html": "text/html", ".js": "text/javascript", ".css": "text/css", ".woff2": "font/woff2", ".svg": "image/svg+xml" };
const server = createServer((request, response) => {
  const path = new URL(request.url, "http://localhost").pathname;
  if (path === "/favicon.ico") return response.writeHead(204).end();
  const file = path === "/axe.js" ? axe : join(built, path === "/" ? "index.html" : path);
  if ((file !== axe && !file.startsWith(built)) || !existsSync(file)) return response.writeHead(404).end();
  response.writeHead(200, { "content-type": TYPES[extname(file)] ?? "application/octet-stream", "content-security-policy": POLICY });
  createReadStream(file).pipe(response);
});
await new Promise((ready) => server.listen(0, "127.0.0.1", ready));
const origin = `http://127.0.0.1:${server.address().port}`;

mkdirSync(out, { recursive: true });
const browser = await chromium.launch({ executablePath: browserAt, args: ["--no-sandbox", "--force-color-profile=srgb"] });
let taken = 0;
const wrong = [];

async function shoot(shot, theme, [width, height]) {
  const context = await browser.newContext({ viewport: { width, height }, deviceScaleFactor: shot.scale ?? 1, colorScheme: theme, timezoneId: "UTC", locale: "en-GB", reducedMotion: "reduce" });
  const page = await context.newPage();
  page.setDefaultTimeout(8000);
  const label = `${shot.name}-${theme}-${width}x${height}`;
  const say = (what) => wrong.push(`${label}: ${what}`);
  page.on("pageerror", (error) => say(`error ${error.message}`));
  page.on("console", (line) => line.type() === "error" && say(`console ${line.text()}`));
  page.on("request", (request) => !request.url().startsWith(origin) && !request.url().startsWith("data:") && say(`left the page: ${request.url()}`));
  await page.addInitScript(() => {
    window.violations = [];
    addEventListener("securitypolicyviolation", (event) => window.violations.push(`${event.violatedDirective} ${event.blockedURI} ${event.sourceFile ?? ""}:${event.lineNumber} ${event.sample}`));
  });
  try {
    await page.goto(`${origin}/?scene=${shot.scene ?? shot.name}${shot.live ? "" : "&still"}`);
    await page.locator("h1, h2").first().waitFor();
    await page.evaluate(() => document.fonts.ready);
    await page.waitForLoadState("networkidle");
    if (shot.act) await shot.act(page);
    await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
    // The caret stays as it is: hiding it would put a style into the page, which its policy forbids.
    await page.screenshot({ path: join(out, `${label}.png`), caret: "initial" });
    taken += 1;
    for (const violation of await page.evaluate(() => window.violations)) say(`policy: ${violation}`);
    await page.addScriptTag({ url: `${origin}/axe.js` });
    const found = await page.evaluate(() => window.axe.run(document, { preload: false, runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"] }));
    for (const one of found.violations) say(`axe ${one.id}: ${one.nodes.slice(0, 2).map((node) => node.html.slice(0, 140)).join(" | ")} ${one.nodes[0]?.any?.[0]?.message ?? ""}`);
    const wide = await page.evaluate(() => document.documentElement.scrollWidth > innerWidth + 1);
    if (wide) say("wider than the window");
  } catch (error) {
    say(`could not be taken: ${String(error).split("\n")[0]}`);
  }
  await context.close();
}

/** Every view and dialog once by keyboard, with its motion: what the pictures do not pass through. */
async function walk() {
  const page = await browser.newPage();
  await page.addInitScript(() => {
    window.violations = [];
    addEventListener("securitypolicyviolation", (event) => window.violations.push(`${event.violatedDirective} ${event.blockedURI} ${event.sample}`));
  });
  page.on("pageerror", (error) => wrong.push(`walk: error ${error.message}`));
  page.on("console", (line) => line.type() === "error" && wrong.push(`walk: console ${line.text()}`));
  await page.goto(`${origin}/?scene=inbox`);
  await page.locator("h1, h2").first().waitFor();
  for (const key of ["j", "k", "a", "Escape", "r", "Escape", "?", "Escape", "Control+k", "Escape", "g", "h", "j", "j", "g", "r", "j", "g", "m", "j", "g", "s"]) {
    await page.keyboard.press(key);
    await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
  }
  for (const violation of await page.evaluate(() => window.violations)) wrong.push(`walk: policy ${violation}`);
  await page.close();
}

/** A scene that nobody looks at is a state that nobody has seen. */
function unseen() {
  const scenes = [...readFileSync(join(here, "../src/backend/fake/scenes.ts"), "utf8").matchAll(/^  (\w+): \(\) =>/gm)].map((match) => match[1]);
  const seen = new Set(SHOTS.map((shot) => shot.scene ?? shot.name));
  for (const scene of scenes) if (!seen.has(scene)) wrong.push(`scene ${scene} has no screenshot`);
}

const jobs = SHOTS.filter((shot) => wanted.length === 0 || wanted.includes(shot.name)).flatMap((shot) => ["light", "dark"].flatMap((theme) => sizesOf(shot).map((size) => () => shoot(shot, theme, size))));
const hands = Array.from({ length: 2 }, async () => {
  for (let job = jobs.shift(); job; job = jobs.shift()) await job();
});
await Promise.all(hands);
if (wanted.length === 0) {
  await walk();
  unseen();
}
await browser.close();
server.close();
console.log(`${taken} screenshots in ${out}, ${wrong.length} things wrong`);
for (const line of wrong) console.log(`  ${line}`);
process.exitCode = wrong.length === 0 ? 0 : 1;
