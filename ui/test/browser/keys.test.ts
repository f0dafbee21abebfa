/** What only a real browser does with the keyboard: it repeats keys, presses buttons by itself and moves the focus on. */
import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { at, launch, settled, window } from "./browser";

let browser: Browser;
let page: Page;
let wrong: string[];

beforeAll(async () => {
  browser = await launch();
  ({ page, wrong } = await window(browser));
});
afterEach(() => expect(wrong.splice(0)).toEqual([]));
afterAll(() => browser.close());

const dialog = () => page.getByRole("dialog");
const confirm = () => dialog().getByRole("button", { name: / as you@example.com on / });
const focused = () => page.evaluate(() => (document.activeElement as HTMLElement | null)?.innerText.trim() ?? "");
const armed = () => confirm().and(page.locator('[aria-disabled="false"]')).waitFor();

describe("a22 Enter held down", () => {
  it("opens the confirmation and never goes through it", async () => {
    await at(page, "inbox");
    await page.getByRole("button", { name: /^Approve/ }).focus();
    await page.keyboard.down("Enter");
    await dialog().waitFor();
    await armed();
    for (let repeats = 0; repeats < 5; repeats += 1) await page.keyboard.down("Enter");
    await settled(page);
    expect(await dialog().count()).toBe(1);
    await page.keyboard.up("Enter");
    expect(await dialog().count()).toBe(1);
    await page.keyboard.press("Enter");
    await dialog().waitFor({ state: "detached" });
  });
});

describe("the focus", () => {
  it("stays inside the confirmation, forwards and backwards", async () => {
    await at(page, "inbox");
    await page.keyboard.press("r");
    await dialog().getByRole("textbox").fill("Wrong host");
    for (const key of ["Tab", "Shift+Tab"]) {
      for (let presses = 0; presses < 10; presses += 1) {
        await page.keyboard.press(key);
        expect(await page.evaluate(() => document.querySelector('[role="dialog"]')?.contains(document.activeElement))).toBe(true);
      }
    }
  });

  it("comes back to the row after Escape", async () => {
    await at(page, "inbox");
    await page.keyboard.press("j");
    await page.getByRole("option", { selected: true }).and(page.locator(":focus")).waitFor();
    const before = await focused();
    await page.keyboard.press("a");
    await armed();
    await page.keyboard.press("Escape");
    await dialog().waitFor({ state: "detached" });
    await page.locator(":focus").waitFor();
    expect(await focused()).toBe(before);
  });

  it("goes to the card once the decision is recorded", async () => {
    await at(page, "inbox");
    await page.keyboard.press("a");
    await armed();
    await page.keyboard.press("Enter");
    await dialog().waitFor({ state: "detached" });
    await page.getByRole("heading", { level: 2, name: /no more connections allowed/ }).and(page.locator(":focus")).waitFor();
    expect(await focused()).toMatch(/no more connections allowed/);
  });
});

it("the whole story by keyboard alone: chosen, read, confirmed, carried out", async () => {
  await at(page, "inbox");
  for (const key of ["j", "k", "Enter", "a"]) await page.keyboard.press(key);
  await armed();
  await page.keyboard.press("Enter");
  await page.getByRole("button", { name: /^Approve 3 as/ }).waitFor();
  await page.keyboard.press("a");
  await dialog().getByRole("textbox").waitFor();
  await page.keyboard.type("pgbouncer");
  await armed();
  await page.keyboard.press("Enter");
  await page.getByRole("region", { name: "Request" }).getByText("It took effect").waitFor();
});
