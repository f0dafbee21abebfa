/** Decisions that have not left (rule 7): what they wait for, that nothing of them looks sent, and how they are taken back. */
import { screen, within } from "@testing-library/svelte";
import { describe, expect, it } from "vitest";
import { at, gateway, ME } from "../src/backend/fake/make";
import type { DecisionView } from "../src/bindings/DecisionView";
import type { Waits } from "../src/bindings/Waits";
import { card, isClosed, later, night, offers, open, openCard, type Page, pass, told } from "./page";
import { disk, gated, mine } from "./requests";

const bare = { bare: true, policy: { undo_s: 10, fresh_approve_min: 2 } };
const reject = { verdict: "reject" as const, reason: "Wrong host" };
const signedOut = gateway({ account: null, connection: { state: "sign_in_needed", why: "expired" } });
const APPROVE = `Approve all as ${ME} on search-prod`;

const waits = (what: Waits["what"], inS: number | null): Waits => ({ what, until: inS === null ? null : at(inS) });
const held = mine(disk, { state: "held", waits: waits("undo", 7) });
const KINDS: [string, DecisionView][] = [
  ["held", held],
  ["waiting for the gateway", mine(disk, { state: "queued", waits: waits("gateway", 5) })],
  ["waiting for the gateway after a try that never left", mine(disk, { state: "sent", waits: waits("gateway", 5) })],
  ["asked to wait", mine(disk, { state: "sent", waits: waits("rate_limit", 128) })],
  ["frozen", mine(disk, { state: "queued", waits: waits("sign_in", null) })],
];

const row = () => told(within(screen.getByRole("region", { name: "Inbox" })).getAllByRole("option")[0] ?? null);
const back = () => within(card()).queryByRole("button", { name: /^Take back/ });
const live = () => told(document.querySelector('[aria-live="polite"]'));

describe("rule_7 what has not left", () => {
  it.each(KINDS)("%s: is said to be not sent on card, bar and row, and nothing calls it sent, approved or taken", async (_, decision) => {
    await openCard(disk, [decision], bare);
    expect(told(card())).toMatch(/not sent|Nothing was sent/);
    expect(row()).toMatch(/not sent/);
    for (const place of [told(card()), row()]) expect(place).not.toMatch(/\bApproved\b|approved by|no answer|on its way|the gateway took it/i);
  });

  it.each(KINDS)("%s: can be taken back, and cannot be decided a second time", async (_, decision) => {
    await openCard(disk, [decision], bare);
    expect(back()).not.toBeNull();
    expect(offers()).toEqual({});
  });

  it("between two steps it is said to be recorded, and nothing is offered that would be refused", async () => {
    await openCard(disk, [mine(disk, { state: "queued" })], bare);
    expect(told(card())).toMatch(/recorded here, not sent/);
    expect(back()).toBeNull();
  });
});

describe("rule_7 a held decision", () => {
  it("counts down on card, bar and row, and its line drains", async () => {
    await openCard(disk, [held], bare);
    const line = () => Number(card().querySelector(".time rect")?.getAttribute("width"));
    expect(told(card())).toMatch(/held for 7 s/);
    expect(row()).toMatch(/Held 7 s/);
    const before = line();
    await later(3000);
    expect(told(card())).toMatch(/held for [34] s/);
    expect(row()).toMatch(/Held [34] s/);
    expect(line()).toBeLessThan(before);
    expect(line()).toBeGreaterThan(0);
  });

  it("leaves by itself when its time is up, and only then is called sent", async () => {
    const page = await openCard(disk, [], bare);
    await approve(page);
    expect(told(card())).toMatch(/held for 10 s/);
    await pass(9000);
    expect(told(card())).toMatch(/held for [12] s/);
    expect(told(card())).not.toMatch(/no answer/);
    await pass(1600);
    expect(told(card())).not.toMatch(/held/i);
    expect(back()).toBeNull();
  });

  it("has the one filled button on the screen", async () => {
    await openCard(disk, [held], bare);
    expect([...document.querySelectorAll(".b.fill")]).toEqual([back()]);
  });
});

describe("taking back", () => {
  it.each([["by its button", (page: Page) => page.click(/^Take back/)], ["by u", (page: Page) => page.press("u")]])("%s: asks nothing, names the decision and nothing else", async (_, take) => {
    const page = await openCard(disk, [held], bare);
    await take(page);
    expect(screen.queryByRole("dialog")).toBeNull();
    await page.user.hover(within(card()).getByRole("heading", { level: 2 }));
    expect(page.did).toEqual([{ do: "take_back", decision: held.id }]);
    expect(told(card())).toMatch(/called off.*Taken back before it was sent\. Nothing was sent/);
    expect(told(card())).not.toMatch(/gateway refused/i);
    expect(offers()).toEqual({ Reject: "open", [APPROVE]: "open" });
  });

  it("asking twice is asking once", async () => {
    const page = await openCard(disk, [held], bare);
    const free = page.hold("take_back");
    await page.press("uu");
    await page.click(/^Take back/);
    await free();
    await page.press("u");
    expect(page.count("take_back")).toBe(1);
  });

  it("a second press upon the same place meets no other button", async () => {
    const page = await openCard(disk, [held], bare);
    const button = back() as HTMLElement;
    await page.user.dblClick(button);
    await pass(50);
    expect(screen.queryByRole("dialog")).toBeNull();
    expect(offers()).toEqual({});
    expect(isClosed(back() as HTMLElement)).toBe(true);
    await page.user.hover(within(card()).getByRole("heading", { level: 2 }));
    expect(offers()).toEqual({ Reject: "open", [APPROVE]: "open" });
  });

  it("gives the focus to the card when its button is gone", async () => {
    const page = await openCard(disk, [held], bare);
    (back() as HTMLElement).focus();
    await page.press("{Enter}");
    expect(document.activeElement).toBe(within(card()).getByRole("heading", { level: 2 }));
  });

  it("too late: the refusal stands there as a sentence and the card goes on telling the truth", async () => {
    const page = await openCard(disk, [held], bare);
    page.refuse("take_back", "executing", "It is on its way and cannot be taken back. What becomes of it is shown here.");
    await page.press("u");
    const alert = within(card()).getByRole("alert");
    expect(told(alert)).toMatch(/^It could not be taken back ?It is on its way and cannot be taken back\. What becomes of it is shown here\.$/);
    expect(told(card())).not.toMatch(/called off/i);
  });

  it("the refusal of one request does not stand on the next", async () => {
    const page = await open(night({ ...bare, requests: [disk, gated], decisions: [held] }));
    page.refuse("take_back", "executing", "It is on its way and cannot be taken back.");
    await page.press("u");
    await page.press("j");
    await page.press("k");
    expect(within(card()).queryByRole("alert")).toBeNull();
  });

  it("from another view: the palette names the request, and only what still waits is offered", async () => {
    const page = await openCard(disk, [held], bare);
    await page.press("gh");
    await page.press("{Control>}k{/Control}");
    await page.press("take back");
    expect(told(screen.getByRole("dialog"))).toContain(`Take back the approval of ${disk.error_message}`);
    await page.press("{Enter}");
    expect(page.did).toEqual([{ do: "take_back", decision: held.id }]);
    await page.press("{Control>}k{/Control}");
    await page.press("take back");
    expect(told(screen.getByRole("dialog"))).toContain("Nothing is called that");
  });

  it("u does nothing where nothing waits, and nothing while it is typed", async () => {
    const page = await openCard(disk, [], bare);
    await page.press("u");
    await page.press("r");
    await page.user.keyboard("unsure");
    expect(page.did).toEqual([]);
  });
});

describe("what it waits for", () => {
  const [, offline, , limited, frozen] = KINDS.map(([, one]) => one) as [DecisionView, DecisionView, DecisionView, DecisionView, DecisionView];

  it("the gateway: says when the next try is", async () => {
    await openCard(disk, [offline], bare);
    expect(told(card())).toMatch(/waits for the gateway.*next try in 5 s/);
    await later(2000);
    expect(told(card())).toMatch(/next try in [23] s/);
  });

  it("the gateway without a time: when it answers", async () => {
    await openCard(disk, [{ ...offline, waits: waits("gateway", null) }], bare);
    expect(told(card())).toMatch(/goes out when the gateway answers/);
  });

  it("f29 a gateway that asked to wait: until when, to the second", async () => {
    await openCard(disk, [limited], bare);
    expect(told(card())).toMatch(/The gateway asked to wait until 02:43:20/);
    expect(row()).toMatch(/Waits.*not sent.*until 02:43/);
  });

  it("f46 a sign-in: says so, leads to it, and promises nothing before", async () => {
    const page = await openCard(disk, [frozen], { ...bare, gateways: [signedOut] });
    expect(told(card())).toMatch(new RegExp(`Frozen until you sign in.*until ${ME} signs in`));
    expect(told(card())).not.toMatch(/goes out|next try/);
    await page.user.click(within(card()).getByRole("button", { name: "Sign in" }));
    screen.getByRole("region", { name: "Settings" });
  });

  it("f46 in the rehearsal, where nobody can sign in, no sign-in is offered", async () => {
    await openCard(disk, [frozen], { ...bare, gateways: [signedOut], shell: { realm: "rehearsal" } });
    expect(within(card()).queryByRole("button", { name: "Sign in" })).toBeNull();
    expect(back()).not.toBeNull();
  });

  it.each([[2, /After 2 minutes it is not sent any more/], [1, /After 1 minute it is not sent any more/], [0, /that has to wait is not sent/]] as const)("an approval that waits says how long it may, as it is set: %s min", async (fresh_approve_min, says) => {
    await openCard(disk, [offline], { bare: true, policy: { undo_s: 0, fresh_approve_min } });
    expect(told(card())).toMatch(says);
  });

  it("a rejection may wait as long as it takes and says nothing of an end", async () => {
    await openCard(disk, [{ ...offline, verdict: reject }], bare);
    expect(told(card())).not.toMatch(/minute|fresh look/);
  });
});

describe("the live region", () => {
  it("says once that it is held, without the countdown", async () => {
    const page = await openCard(disk, [], bare);
    await approve(page);
    expect(live()).toBe("Recorded. Approval held for 10 seconds. Nothing is sent before that; it can be taken back.");
    const spoken = live();
    await pass(3000);
    expect(live()).toBe(spoken);
  });

  it("says that it was taken back", async () => {
    const page = await openCard(disk, [held], bare);
    await page.press("u");
    expect(live()).toBe("Called off. Nothing was sent.");
  });

  it("says once that it waits for the gateway, however often it is tried", async () => {
    const page = await openCard(disk, [mine(disk, { state: "queued" })], bare);
    const spoken: string[] = [];
    new MutationObserver(() => spoken.push(live())).observe(document.querySelector('[aria-live="polite"]') as Element, { characterData: true, childList: true, subtree: true });
    for (const inS of [2, 4, 8]) await page.push((view) => ({ decisions: view.decisions.map((one) => ({ ...one, waits: waits("gateway", inS) })) }));
    expect(spoken).toEqual(["Approval not sent yet: it waits for the gateway and can be taken back."]);
  });
});

describe("quitting", () => {
  it("says that what is held is cancelled, and that what is queued stays", async () => {
    const page = await open(night({ ...bare, requests: [disk, gated], decisions: [held, mine(gated, { state: "queued", verdict: reject, waits: waits("gateway", 5) })] }));
    await page.press("gs");
    await page.click("Quit Holdpoint");
    const dialog = told(screen.getByRole("dialog"));
    expect(dialog).toMatch(/2 decisions not sent yet/);
    expect(dialog).toMatch(/1 of them is held back.*cancelled: nothing of it is sent/);
    expect(dialog).toMatch(/The other stays recorded/);
  });
});

/** Approves what is on the card and confirms it. */
async function approve(page: Page): Promise<void> {
  await page.press("a");
  await pass(2000);
  await page.press("{Enter}");
}
