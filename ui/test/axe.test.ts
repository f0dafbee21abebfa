/** Every scene through axe, as far as that can be judged without a layout; contrast and the rest are for `npm run test:axe`. */
import { screen } from "@testing-library/svelte";
import axe from "axe-core";
import { describe, expect, it, vi } from "vitest";
import { SCENE_NAMES } from "../src/backend/fake/scenes";
import { open, pass, told } from "./page";
import { CARD, COMES, SURFACES } from "./surfaces";

/** What needs a layout or a style sheet to be judged. */
const NEEDS_LAYOUT = ["color-contrast", "target-size", "scrollable-region-focusable", "link-in-text-block"];

async function violations(): Promise<string[]> {
  // Axe waits on timers of its own.
  vi.useRealTimers();
  const found = await axe.run(document.body, {
    runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    rules: Object.fromEntries(NEEDS_LAYOUT.map((id) => [id, { enabled: false }])),
    resultTypes: ["violations"],
  });
  return found.violations.flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.html.slice(0, 160)}`));
}

describe("axe finds nothing wrong", () => {
  it.each(SCENE_NAMES)("in the scene %s", async (name) => {
    const page = await open(name);
    if (COMES[name] !== undefined) {
      await pass(4000);
      expect(told(document.body)).toMatch(COMES[name]);
    }
    if (CARD[name] !== undefined) await page.click(CARD[name], "option");
    expect(await violations()).toEqual([]);
  });

  it.each(SURFACES)("in $name", async ({ scene, keys, then, shows }) => {
    const page = await open(scene);
    for (const key of keys) await page.press(key.replace(/^(\w{2,})$/, "{$1}").replace(/^Control\+(.)$/, "{Control>}$1{/Control}"));
    for (const button of then ?? []) await page.click(button);
    await pass(2000);
    expect(told(document.body)).toMatch(shows);
    expect(await violations()).toEqual([]);
  });
});

it("axe finds what is wrong when something is", async () => {
  await open("empty");
  const picture = document.body.appendChild(Object.assign(document.createElement("img"), { src: "#x" }));
  expect((await violations()).join()).toContain("image-alt");
  picture.remove();
  expect(screen.queryByRole("img")).toBeNull();
});
