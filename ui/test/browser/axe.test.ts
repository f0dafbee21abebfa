/** Axe over every scene and surface of the page in both themes, in a real browser: contrast, sizes and focus included. */
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { SCENE_NAMES } from "../../src/backend/fake/scenes";
import { CARD, SURFACES } from "../surfaces";
import { at, launch, settled, window } from "./browser";

const AXE = readFileSync(resolve("node_modules/axe-core/axe.min.js"), "utf8");
type Theme = "light" | "dark";

const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

async function violations(page: Page): Promise<string[]> {
  await page.evaluate(AXE);
  return page.evaluate(async (runOnly) => {
    type Found = { violations: { id: string; nodes: { html: string; any: { message: string }[] }[] }[] };
    const { axe } = globalThis as unknown as { axe: { run(root: Document, options: object): Promise<Found> } };
    const found = await axe.run(document, { runOnly, resultTypes: ["violations"] });
    return found.violations.flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.html.slice(0, 160)} ${node.any[0]?.message ?? ""}`));
  }, RULES);
}

/** What axe finds in each theme. The page follows the system by itself, so one opening serves for both. */
async function both(page: Page): Promise<Record<Theme, string[]>> {
  const light = await violations(page);
  await page.emulateMedia({ colorScheme: "dark" });
  await settled(page);
  const dark = await violations(page);
  await page.emulateMedia({ colorScheme: "light" });
  return { light, dark };
}

describe("in the light and in the dark theme", () => {
  const NOTHING = { light: [], dark: [] };
  let browser: Browser;
  let page: Page;
  let wrong: string[];

  beforeAll(async () => {
    browser = await launch();
    ({ page, wrong } = await window(browser));
  });
  afterAll(() => browser.close());

  it.each(SCENE_NAMES)("axe finds nothing wrong in the scene %s", async (scene) => {
    await at(page, scene);
    const card = CARD[scene];
    if (card !== undefined) {
      await page.getByRole("option", { name: card }).click();
      await page.getByRole("heading", { level: 2, name: card }).waitFor();
      await settled(page);
    }
    expect(await both(page)).toEqual(NOTHING);
    expect(wrong.splice(0)).toEqual([]);
  });

  it.each(SURFACES)("axe finds nothing wrong in $name", async ({ scene, keys, then, shows }) => {
    await at(page, scene);
    for (const key of keys) await page.keyboard.press(key);
    for (const button of then ?? []) await page.getByRole("button", { name: button }).click();
    await page.getByText(shows).first().waitFor();
    await settled(page);
    expect(await both(page)).toEqual(NOTHING);
    expect(wrong.splice(0)).toEqual([]);
  });

  it("axe finds too little contrast where there is too little, in either theme", async () => {
    await at(page, "empty");
    await page.evaluate(() => {
      const faint = document.querySelector("main h2") as HTMLElement;
      faint.textContent = "faint";
      faint.style.color = "rgb(120 120 120)";
      faint.style.background = "rgb(140 140 140)";
    });
    const { light, dark } = await both(page);
    expect(light.join()).toMatch(/color-contrast.*faint/);
    expect(dark.join()).toMatch(/color-contrast.*faint/);
  });

  it("the two themes are two", async () => {
    await at(page, "inbox");
    const ground = () => page.evaluate(() => getComputedStyle(document.querySelector("main") ?? document.body).color);
    const light = await ground();
    await page.emulateMedia({ colorScheme: "dark" });
    expect(await ground()).not.toBe(light);
    await page.emulateMedia({ colorScheme: "light" });
  });
});
