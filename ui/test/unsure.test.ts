/** An outcome that nobody knows (rule 5): on every surface, for as long as it is not known, and never taken for a failure. */
import { screen, within } from "@testing-library/svelte";
import { describe, expect, it } from "vitest";
import { keyText } from "../src/state/key";
import { card, later, night, offers, open, openCard, type Page, pass, told } from "./page";
import { COLLEAGUE, disk, executing, gated, mine, over } from "./requests";

const lost = mine(executing, { state: "unknown", code: "unknown", detail: "No answer came within 60 s." });
const inbox = () => screen.getByRole("region", { name: "Inbox" });
const group = () => within(inbox()).queryByRole("region", { name: "Outcome unknown, checking" });
const rail = () => told(screen.getByRole("complementary", { name: "Holdpoint" }));
const other = mine(disk, { state: "unknown", verdict: { verdict: "reject", reason: "Wrong host" } });

describe("rule_5 an unknown outcome", () => {
  it("stands in a group of its own, by the error's name, with what is being done about it", async () => {
    await open(night({ requests: [disk, executing], decisions: [lost], bare: true }));
    expect(told(group())).toMatch(/Outcome unknown, checking/);
    expect(told(group())).toMatch(/asked again by itself until that is known/);
    expect(told(group())).toContain(executing.error_message);
    expect(told(group())).toContain("Your approval");
    expect(told(group())).not.toContain(disk.error_message);
    expect(told(group())).not.toMatch(/fail/i);
  });

  it("opens from there", async () => {
    const page = await open(night({ requests: [disk, executing], decisions: [lost], bare: true }));
    await page.user.click(within(inbox()).getByRole("option", { name: new RegExp(disk.error_message) }));
    await page.user.click(within(group() as HTMLElement).getByRole("button", { name: /Your approval/ }));
    within(card()).getByRole("heading", { level: 2, name: executing.error_message });
  });

  it("does not age out: not with time, not when its request is over, not by tidying, not without a row", async () => {
    const page = await open(night({ requests: [disk, over(gated, "completed")], decisions: [lost, mine(disk)], bare: true }));
    await page.arrive(over(disk, "rejected", { decided_by: COLLEAGUE }));
    await page.push((view) => ({ decisions: view.decisions.filter((one) => one.state === "unknown") }));
    await later(86_400_000);
    await page.click(/^Clear 1/);
    expect(told(group())).toContain(executing.error_message);
    expect(within(inbox()).getAllByRole("option").map(told).join()).toMatch(/Unknown.*checking/);
    expect(page.did).toEqual([]);
  });

  it("moves nothing in the list when it comes", async () => {
    const page = await open(night({ requests: [disk, executing], decisions: [{ ...lost, state: "sent", code: null }], bare: true }));
    const order = () => within(inbox()).getAllByRole("option").map((row) => told(row.querySelector("b")));
    const before = order();
    expect(group()).toBeNull();
    await becomes(page, "unknown");
    expect(group()).not.toBeNull();
    expect(order()).toEqual(before);
  });

  it("leaves the group once it is known, and not before", async () => {
    const page = await open(night({ requests: [executing], decisions: [lost], bare: true }));
    await page.push(() => ({ open: 1 }));
    expect(group()).not.toBeNull();
    await becomes(page, "observed");
    expect(group()).toBeNull();
    expect(rail()).not.toMatch(/unknown/);
  });

  it.each(["gr", "gm", "gh", "gs"])("is said in the rail, also after %s", async (keys) => {
    const page = await open(night({ requests: [disk, executing], decisions: [lost, other], bare: true }));
    expect(rail()).toMatch(/2 outcomes unknown/);
    await page.press(keys);
    expect(rail()).toMatch(/2 outcomes unknown/);
  });

  it("counts in words that fit their number", async () => {
    await open(night({ requests: [disk, executing], decisions: [lost, other], bare: true }));
    expect(told(group())).toMatch(/2 outcomes unknown, checking/);
    expect(told(group())).toMatch(/Your rejection/);
  });

  it("says on its card that it is asked again by itself, that nothing is sent twice, and calls nothing failed", async () => {
    await openCard(executing, [lost], { bare: true });
    expect(told(card())).toMatch(/Outcome unknown, checking/);
    expect(told(card())).toMatch(/asks the gateway again by itself until it is known, and sends nothing a second time/);
    expect(told(card())).not.toMatch(/failed|refused/i);
    expect(offers()).toEqual({ "Check now": "open" });
  });

  it("is announced as unknown, not as failed", async () => {
    const page = await openCard(executing, [{ ...lost, state: "sent", code: null }], { bare: true });
    await becomes(page, "unknown");
    expect(told(document.querySelector('[aria-live="polite"]'))).toBe("Outcome unknown, checking. The gateway is asked again by itself.");
  });

  it("is unknown in the history too, with its shape and without a claim", async () => {
    const page = await open("unknowns");
    await page.press("gh");
    const row = screen.getByRole("option", { name: /Replica lag 38 s/ });
    expect(told(row)).toMatch(/Your approval.*outcome unknown, checking/);
    expect(told(row)).not.toMatch(/Approved|failed/);
    expect(row.querySelector("svg")?.classList.contains("tone-warn")).toBe(true);
    await page.user.click(row);
    await pass(50);
    expect(told(screen.getByRole("region", { name: "Past" }))).toMatch(/Outcome unknown, checking/);
  });
});

/** The engine has learnt something about the decision. */
async function becomes(page: Page, state: "unknown" | "observed"): Promise<void> {
  await page.push((view) => ({ decisions: view.decisions.map((one) => (keyText(one.key) === keyText(lost.key) ? { ...one, state, code: state === "unknown" ? ("unknown" as const) : null } : one)) }));
}
