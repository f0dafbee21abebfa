/** One browser for a test file, and the page in it: opened at a scene, waited for, and watched for what it must not do. */
import { type Browser, chromium, type Page } from "playwright-core";
import { inject } from "vitest";

/** Debian's Chromium, without anything of its own that speaks to the network. */
export function launch(): Promise<Browser> {
  return chromium.launch({
    executablePath: process.env["CHROMIUM"] ?? "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--force-color-profile=srgb"],
  });
}

/** A window; `wrong` collects errors, refused contents and requests that leave the page. */
export async function window(browser: Browser): Promise<{ page: Page; wrong: string[] }> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, colorScheme: "light", reducedMotion: "reduce", timezoneId: "UTC", locale: "en-GB" });
  const page = await context.newPage();
  const origin = inject("origin");
  const wrong: string[] = [];
  page.on("pageerror", (error) => wrong.push(`error: ${error.message}`));
  page.on("console", (line) => line.type() === "error" && wrong.push(`console: ${line.text()}`));
  page.on("request", (request) => !request.url().startsWith(`${origin}/`) && wrong.push(`left the page: ${request.url()}`));
  return { page, wrong };
}

/** Opens a scene and waits until it has settled. Its clock stands still, unless something is to happen in it by itself. */
export async function at(page: Page, scene: string, clock: "still" | "moving" = "still"): Promise<void> {
  await page.goto(`${inject("origin")}/?scene=${scene}${clock === "still" ? "&still" : ""}`);
  await page.getByRole("heading", { level: 1 }).waitFor();
  await page.evaluate(() => document.fonts.ready);
  await settled(page);
}

/** Nothing is moving or fading any more, and what was to be drawn is drawn. */
export async function settled(page: Page): Promise<void> {
  await page.evaluate(async () => {
    const frame = () => new Promise((drawn) => requestAnimationFrame(drawn));
    await frame();
    await frame();
    const finite = document.getAnimations().filter((one) => one.effect?.getComputedTiming().iterations !== Number.POSITIVE_INFINITY);
    await Promise.all(finite.map((one) => one.finished.catch(() => undefined)));
    await frame();
  });
}
