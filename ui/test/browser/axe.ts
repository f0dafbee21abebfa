/** Axe in a real browser, in both themes: contrast, sizes and focus included. */
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import type { Page } from "playwright-core";
import { settled } from "./browser";

type Theme = "light" | "dark";

export const NOTHING: Record<Theme, string[]> = { light: [], dark: [] };

const AXE = readFileSync(resolve("node_modules/axe-core/axe.min.js"), "utf8");
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
export async function both(page: Page): Promise<Record<Theme, string[]>> {
  const light = await violations(page);
  await page.emulateMedia({ colorScheme: "dark" });
  await settled(page);
  const dark = await violations(page);
  await page.emulateMedia({ colorScheme: "light" });
  return { light, dark };
}
