/** Settings, Decisions: what stands there is what the engine holds, and what it refuses is said (rule 7). */
import { screen, within } from "@testing-library/svelte";
import { describe, expect, it } from "vitest";
import { isClosed, open, openCard, type Page, pass, told } from "./page";
import { disk } from "./requests";

const settings = () => screen.getByRole("region", { name: "Settings" });
const undo = () => within(settings()).getByRole("spinbutton", { name: "Undo window" });
const fresh = () => within(settings()).getByRole("spinbutton", { name: "A queued approve may wait" });
const more = (name: string) => within(settings()).getByRole("button", { name: `More: ${name}` });
const less = (name: string) => within(settings()).getByRole("button", { name: `Less: ${name}` });

async function opened(policy = { undo_s: 0, fresh_approve_min: 2 }): Promise<Page> {
  const page = await openCard(disk, [], { bare: true, policy });
  await page.press("gs");
  return page;
}

describe("rule_7 what is set about decisions", () => {
  it("is shown as the engine has it, with 0 in words", async () => {
    await opened();
    expect(told(undo())).toBe("Off");
    expect(told(fresh())).toBe("2 min");
    expect(told(settings())).toMatch(/Off: a confirmed decision leaves at once/);
  });

  it("goes to the engine whole: what was not touched stays", async () => {
    const page = await opened({ undo_s: 4, fresh_approve_min: 7 });
    await page.user.click(more("Undo window"));
    await pass(50);
    expect(page.last("set_policy")).toEqual({ do: "set_policy", undo_s: 5, fresh_approve_min: 7 });
    await page.user.click(less("A queued approve may wait"));
    await pass(50);
    expect(page.last("set_policy")).toEqual({ do: "set_policy", undo_s: 5, fresh_approve_min: 6 });
    expect([told(undo()), told(fresh())]).toEqual(["5 s", "6 min"]);
  });

  it("is not shown before it holds, and not asked for twice meanwhile", async () => {
    const page = await opened();
    const free = page.hold("set_policy");
    await page.user.click(more("Undo window"));
    await page.user.click(more("Undo window"));
    await pass(50);
    expect(told(undo())).toBe("Off");
    expect(page.count("set_policy")).toBe(1);
    await free();
    expect(told(undo())).toBe("1 s");
  });

  it("that is refused stays as it was, and the engine's sentence says why", async () => {
    const page = await opened();
    page.refuse("set_policy", "store", "The disk is full. Nothing was changed.");
    await page.user.click(more("Undo window"));
    await pass(50);
    expect(told(within(settings()).getByRole("alert"))).toMatch(/Not changed.*The disk is full\. Nothing was changed/);
    expect(told(undo())).toBe("Off");
  });

  it("has ends that its buttons keep to", async () => {
    await opened({ undo_s: 10, fresh_approve_min: 0 });
    expect([isClosed(more("Undo window")), isClosed(less("Undo window"))]).toEqual([true, false]);
    expect([isClosed(more("A queued approve may wait")), isClosed(less("A queued approve may wait"))]).toEqual([false, true]);
    expect(told(fresh())).toBe("Not at all");
    expect(told(settings())).toMatch(/cannot leave at once is not sent/);
  });

  it.each([["{ArrowUp}", 6], ["{ArrowDown}", 4], ["{Home}", 0], ["{End}", 10]] as const)("by keyboard, %s sets %s", async (key, undo_s) => {
    const page = await opened({ undo_s: 5, fresh_approve_min: 2 });
    undo().focus();
    await page.press(key);
    expect(page.last("set_policy").undo_s).toBe(undo_s);
    expect(undo().getAttribute("aria-valuenow")).toBe(String(undo_s));
  });

  it("changed elsewhere, from the terminal, is shown at once", async () => {
    const page = await opened();
    await page.push(() => ({ policy: { undo_s: 3, fresh_approve_min: 1 } }));
    expect([told(undo()), told(fresh())]).toEqual(["3 s", "1 min"]);
  });

  it("holds from the next decision on", async () => {
    const page = await open("inbox");
    await page.press("gs");
    undo().focus();
    await page.press("{End}");
    await page.press("gi");
    await page.press("a");
    await pass(2000);
    await page.press("{Enter}");
    expect(told(screen.getByRole("region", { name: "Request" }))).toMatch(/held for 10 s/);
  });
});
