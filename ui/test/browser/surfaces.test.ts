/** Every dialog and view of the page through axe, in the light and in the dark theme. */
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { SURFACES } from "../surfaces";
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

  it.each(SURFACES)("axe finds nothing wrong in $name", async ({ scene, keys, then, shows }) => {
    await at(page, scene);
    for (const key of keys) await page.keyboard.press(key);
    for (const button of then ?? []) await page.getByRole("button", { name: button }).click();
    await page.getByText(shows).first().waitFor();
    await settled(page);
    expect(await both(page)).toEqual(NOTHING);
    expect(wrong.splice(0)).toEqual([]);
  });
});
