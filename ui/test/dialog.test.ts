/** The confirmation: what it says before anything leaves, what it asks for, when it can be pressed, and what then goes out. */
import { cleanup, screen, within } from "@testing-library/svelte";
import { describe, expect, it } from "vitest";
import { at, ME } from "../src/backend/fake/make";
import { pool } from "../src/backend/fake/requests";
import { digest } from "../src/digest/digest";
import { card, described, isClosed, offers, open, openCard, pass, type Page, told } from "./page";
import { disk, gated, holding, measure, restart } from "./requests";

const bare = { bare: true };
const dialog = () => screen.getByRole("dialog");
const confirm = () => within(dialog()).getByRole("button", { name: new RegExp(`^(Approve|Reject|Stop).* as ${ME}`) });
const target = () => within(dialog()).getByRole<HTMLInputElement>("textbox");

/** Opens the confirmation of an approval and lets its delay pass. */
async function confirming(page: Page): Promise<void> {
  await page.click(new RegExp(`^Approve .*as ${ME}`));
  await pass(2000);
}

describe("the confirmation of an approval", () => {
  it("names what, where and as whom, and shows each covered action as it will be sent", async () => {
    const page = await openCard(gated, [], bare);
    await confirming(page);
    expect(told(dialog())).toContain("search-prod");
    expect(told(dialog())).toMatch(/Runs 2 actions now, in this order, then holds before restart-search/);
    for (const sent of ["POST https://search.internal/measure", "POST https://search.internal/trim"]) expect(told(dialog())).toContain(sent);
    expect(told(dialog())).not.toContain("POST https://search.internal/restart");
    expect(confirm().textContent).toContain(`Approve 1 and 2 as ${ME} on search-prod`);
  });

  it("says where no rollback is declared, and the risk of each action", async () => {
    const page = await openCard(gated, [], bare);
    await confirming(page);
    expect(told(dialog())).toMatch(/No rollback is declared/);
    expect(told(dialog())).toMatch(/Medium risk/);
  });

  it("tells what earlier actions of the request did before one is approved on its own", async () => {
    const page = await open("held");
    await confirming(page);
    expect(told(dialog())).toMatch(/list-pools took effect/);
    expect(told(dialog())).toMatch(/raise-pool-limit failed/);
  });

  it("is a modal dialog with a name", async () => {
    const page = await openCard(gated, [], bare);
    await confirming(page);
    screen.getByRole("dialog", { name: /Approve the request/ });
  });
});

describe("rule_3 what goes to the engine", () => {
  it("is the digest of what stood on the card, and only then the nonce that came back", async () => {
    const page = await openCard(disk, [], bare);
    await confirming(page);
    await page.user.click(confirm());
    await pass(1);
    expect(page.did).toEqual([
      { do: "prepare", key: { gateway: expect.any(String), request: disk.request_id }, pipeline: "search-prod", point: "request", verdict: { verdict: "approve" }, shown: digest(disk), unreachable: "give_up" },
      { do: "confirm", nonce: "nonce-1", typed: null },
    ]);
  });

  it("names the one action that waits, never a position", async () => {
    const page = await openCard(holding, [], bare);
    await confirming(page);
    expect(page.last("prepare")).toMatchObject({ point: { action: restart.action_id }, shown: digest(holding) });
  });

  it("opening the confirmation decides nothing", async () => {
    const page = await openCard(disk, [], bare);
    await confirming(page);
    expect(page.count("confirm")).toBe(0);
  });

  it("f31 two presses are one decision", async () => {
    const page = await openCard(disk, [], bare);
    await confirming(page);
    const button = confirm();
    button.click();
    button.click();
    await pass(50);
    expect(page.count("confirm")).toBe(1);
  });
});

describe("a22 a press that was meant for something else", () => {
  it("cannot confirm before the dialog has stood for a moment, and says so by being closed", async () => {
    const page = await openCard(disk, [], bare);
    await page.click(new RegExp(`^Approve .*as ${ME}`));
    expect(isClosed(confirm())).toBe(true);
    await page.user.click(confirm());
    expect(page.count("confirm")).toBe(0);
    await pass(2000);
    expect(isClosed(confirm())).toBe(false);
  });

  it("high risk has to stand longer than low risk", async () => {
    const stood = async (request: typeof disk, type: (page: Page) => Promise<void>): Promise<number> => {
      const page = await openCard(request, [], bare);
      await page.click(new RegExp(`^Approve .*as ${ME}`));
      const since = Date.now();
      await type(page);
      while (isClosed(confirm()) && Date.now() - since < 5000) await pass(50);
      cleanup();
      return Date.now() - since;
    };
    const low = await stood(disk, async () => undefined);
    const high = await stood(holding, (page) => page.user.type(target(), "search-data"));
    expect(low).toBeGreaterThanOrEqual(500);
    expect(high).toBeGreaterThan(low);
    expect(high).toBeLessThan(5000);
  });

  it("a key that is held down confirms nothing", async () => {
    const page = await openCard(disk, [], bare);
    await confirming(page);
    confirm().focus();
    const repeated = new KeyboardEvent("keydown", { key: "Enter", repeat: true, bubbles: true, cancelable: true });
    confirm().dispatchEvent(repeated);
    // A browser presses the button for a repeated Enter unless it is told not to.
    expect(repeated.defaultPrevented).toBe(true);
    expect(page.count("confirm")).toBe(0);
  });
});

describe("high risk", () => {
  it("asks to type the target and stays closed until it fits exactly", async () => {
    const page = await openCard(holding, [], bare);
    await confirming(page);
    expect(told(dialog())).toMatch(/Type the target to confirm: ?search-data/);
    for (const wrong of ["search", "Search-data", "search-data ", "search-data-2"]) {
      await page.user.clear(target());
      await page.user.type(target(), wrong);
      expect(isClosed(confirm())).toBe(true);
    }
    await page.user.clear(target());
    await page.user.type(target(), "search-data");
    expect(isClosed(confirm())).toBe(false);
  });

  it("sends what was typed with the nonce", async () => {
    const page = await openCard(holding, [], bare);
    await confirming(page);
    await page.user.type(target(), "search-data");
    await page.press("{Enter}");
    expect(page.last("confirm")).toEqual({ do: "confirm", nonce: "nonce-1", typed: "search-data" });
  });

  it("takes the focus to the target's field and tells how much is missing", async () => {
    const page = await openCard(holding, [], bare);
    await confirming(page);
    expect(document.activeElement).toBe(target());
    await page.user.type(target(), "search-");
    expect(described(target())).toMatch(/4 characters to go/);
  });

  it("a target with a hidden character is shown with it, and its look-alike does not fit", async () => {
    const evil = { ...holding, actions: [...holding.actions.slice(0, 2), { ...restart, service: "search\u200b-data" }], digest: null };
    const page = await openCard({ ...evil, digest: digest(evil) }, [], bare);
    await confirming(page);
    expect(told(dialog())).toContain("search⟨U+200B⟩-data");
    await page.user.type(target(), "search-data");
    expect(isClosed(confirm())).toBe(true);
  });
});

describe("Escape", () => {
  it("closes the confirmation, sends nothing and gives the focus back", async () => {
    const page = await openCard(disk, [], bare);
    const button = screen.getByRole("button", { name: new RegExp(`^Approve .*as ${ME}`) });
    button.focus();
    await page.press("{Enter}");
    await pass(2000);
    await page.press("{Escape}");
    expect(screen.queryByRole("dialog")).toBeNull();
    expect(page.count("confirm")).toBe(0);
    expect(document.activeElement).toBe(button);
    expect(offers()).toMatchObject({ [`Approve all as ${ME} on search-prod`]: "open" });
  });

  it("loses no reason that was written", async () => {
    const page = await openCard(disk, [], bare);
    await page.press("r");
    await page.user.type(within(dialog()).getByRole("textbox"), "Segments belong to the audit");
    await page.press("{Escape}");
    await page.press("r");
    expect(within(dialog()).getByRole<HTMLTextAreaElement>("textbox").value).toBe("Segments belong to the audit");
  });

  it("keeps a reason for its own request only", async () => {
    const page = await open("inbox");
    await page.press("r");
    await page.user.type(within(dialog()).getByRole("textbox"), "Not this one");
    await page.press("{Escape}");
    await page.press("jr");
    expect(within(dialog()).getByRole<HTMLTextAreaElement>("textbox").value).toBe("");
  });
});

describe("what the engine refuses", () => {
  it("rule_3 a change between the card and the confirmation voids it; the difference is read before anything is approved", async () => {
    const page = await open("changed");
    await page.click(new RegExp(`^Approve .*as ${ME}`));
    expect(told(dialog())).toMatch(/Nothing was sent/);
    expect(within(dialog()).queryByRole("button", { name: /^Approve/ })).toBeNull();
    await page.click("Look again");
    const changed = screen.getByRole("alert");
    expect(told(changed)).toContain("https://pool-admin.payments.internal/v1/pools");
    expect(told(changed)).toContain("https://pool-admin.payments.internal/v2/pools");
    expect(told(changed)).toMatch(/revision.*1.*2/);
    expect(Object.values(offers()).filter((one) => one === "closed")).toHaveLength(1);
  });

  it("rule_3 a fresh confirmation goes with the digest of what stands there now", async () => {
    const page = await open("changed");
    await page.click(new RegExp(`^Approve .*as ${ME}`));
    await page.click("Look again");
    await page.click("I have read it");
    await confirming(page);
    const shown = page.last("prepare").shown;
    expect(shown).not.toBe(digest(pool));
    expect(shown).toMatch(/^sha-256:[0-9a-f]{64}$/);
    expect(told(confirm())).toMatch(/^Approve 1 and 2 as/);
  });

  it("rule_6 someone who was faster is named in the dialog, and nothing can be confirmed", async () => {
    const page = await openCard(disk, [], bare);
    page.refuse("prepare", "already_decided", "Request APR-00000000D15C has already been decided by sre-two@example.com: rejected. Nothing was sent.");
    await page.click(new RegExp(`^Approve .*as ${ME}`));
    expect(told(dialog())).toMatch(/decided by sre-two@example.com/);
    expect(within(dialog()).queryByRole("button", { name: /^Approve/ })).toBeNull();
  });

  it("a refused confirmation says so and is not sent again by itself", async () => {
    const page = await openCard(disk, [], bare);
    page.refuse("confirm", "not_prepared");
    await confirming(page);
    await page.user.click(confirm());
    await pass(5000);
    expect(told(dialog())).toMatch(/Nothing was sent; decide again/);
    expect(page.count("confirm")).toBe(1);
  });

  it("a lost sign-in leads to the sign-in", async () => {
    const page = await openCard(disk, [], bare);
    page.refuse("prepare", "sign_in");
    await page.click(new RegExp(`^Approve .*as ${ME}`));
    await page.click("Sign in");
    screen.getByRole("region", { name: "Settings" });
  });

  it("a fault of the shell is never taken for a decision", async () => {
    const page = await openCard(disk, [], bare);
    page.refuse("confirm", "gone wrong" as never, "IPC closed");
    await confirming(page);
    await page.user.click(confirm());
    await pass(50);
    expect(told(dialog())).toMatch(/did not understand each other/);
    expect(told(document.body)).not.toMatch(/\bApproved\b/);
  });
});

describe("a request that changes behind the open dialog", () => {
  it("rule_3 closes the offer and says so; what it was opened upon is never exchanged for something else", async () => {
    const page = await openCard(disk, [], bare);
    await confirming(page);
    const worse = { ...disk, revision: 2, actions: [{ ...measure, effect: { kind: "argv" as const, argv: ["rm", "-rf", "/var/index"], cwd: null } }], action_ids: [measure.action_id] };
    await page.arrive({ ...worse, digest: digest(worse) });
    expect(told(dialog())).toMatch(/It changed/);
    expect(told(dialog())).not.toContain("rm -rf");
    expect(within(dialog()).queryByRole("button", { name: /^Approve/ })).toBeNull();
    await page.press("{Enter}");
    expect(page.count("confirm")).toBe(0);
    expect(page.last("prepare").shown).toBe(digest(disk));
  });

  it("rule_6 says who decided it meanwhile, and offers nothing any more", async () => {
    const page = await openCard(disk, [], bare);
    await confirming(page);
    await page.arrive({ ...disk, status: "executing", decided_by: "sre-two@example.com", decided_at: at(2) });
    expect(told(dialog())).toMatch(/sre-two@example.com decided it at 02:41:14/);
    expect(within(dialog()).queryByRole("button", { name: /^Approve/ })).toBeNull();
  });
});

it("the time that is left is told in the dialog of a request that expires", async () => {
  const page = await openCard({ ...holding, expires_at: at(300) }, [], bare);
  await confirming(page);
  expect(told(dialog())).toMatch(/4:5\d/);
});

it("after the decision is recorded the dialog is gone and the card says that it is on its way", async () => {
  const page = await openCard(disk, [], bare);
  await confirming(page);
  await page.user.click(confirm());
  await pass(200);
  expect(screen.queryByRole("dialog")).toBeNull();
  expect(told(card())).toMatch(/not sent|no answer yet/i);
});
