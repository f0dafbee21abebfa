/** Every scene of the page through axe, in the light and in the dark theme. */
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { SCENE_NAMES } from "../../src/backend/fake/scenes";
import { CARD, COMES } from "../surfaces";
import { both, NOTHING } from "./axe";
import { at, launch, settled, window } from "./browser";

describe("in the light and in the dark theme", () => {
  let browser: Browser;
  let page: Page;
  let wrong: string[];

  beforeAll(async () => {
    browser = await launch();
    ({ page, wrong } = await window(browser));
  });
  afterAll(() => browser.close());

  it.each(SCENE_NAMES)("axe finds nothing wrong in the scene %s", async (scene) => {
    const comes = COMES[scene];
    await at(page, scene, comes === undefined ? "still" : "moving");
    if (comes !== undefined) {
      await page.getByText(comes).first().waitFor();
      await settled(page);
    }
    const card = CARD[scene];
    if (card !== undefined) {
      await page.getByRole("option", { name: card }).click();
      await page.getByRole("heading", { level: 2, name: card }).waitFor();
      await settled(page);
    }
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
