/** Reject and stop: a reason is asked for, presets help, and exactly what was written goes out. */
import { screen, within } from "@testing-library/svelte";
import { describe, expect, it } from "vitest";
import { ME } from "../src/backend/fake/make";
import { digest } from "../src/digest/digest";
import { described, isClosed, openCard, pass, type Page, told } from "./page";
import { disk, executing } from "./requests";

const bare = { bare: true };
const dialog = () => screen.getByRole("dialog");
const reason = () => within(dialog()).getByRole<HTMLTextAreaElement>("textbox", { name: /Reason/ });
const press = () => within(dialog()).getByRole("button", { name: new RegExp(`^(Reject|Stop) as ${ME}`) });

async function rejecting(): Promise<Page> {
  const page = await openCard(disk, [], bare);
  await page.click(/^Reject/);
  return page;
}

describe("a reject", () => {
  it("puts the focus into the reason and says what is missing", async () => {
    await rejecting();
    expect(document.activeElement).toBe(reason());
    expect(described(reason())).toMatch(/Three letters or digits at least/);
  });

  it.each(["", "  ", "no", "...", "a b", "?!?! -"])("is not taken with the reason %j", async (text) => {
    const page = await rejecting();
    if (text !== "") await page.user.type(reason(), text);
    expect(isClosed(press())).toBe(true);
    await page.user.click(press());
    expect(page.did).toEqual([]);
  });

  it.each(["not", "a b c", "Übung", "第一〇", "12:3"])("is taken with the reason %j", async (text) => {
    const page = await rejecting();
    await page.user.type(reason(), text);
    expect(isClosed(press())).toBe(false);
  });

  it("asks the engine nothing before it is pressed, and then sends exactly what was written", async () => {
    const page = await rejecting();
    await page.user.type(reason(), "  Segments belong to the audit ");
    expect(page.did).toEqual([]);
    await page.user.click(press());
    await page.press("{Shift}");
    expect(page.did).toEqual([
      { do: "prepare", key: { gateway: expect.any(String), request: disk.request_id }, pipeline: "search-prod", point: "request", verdict: { verdict: "reject", reason: "Segments belong to the audit" }, shown: digest(disk), unreachable: "queue" },
      { do: "confirm", nonce: "nonce-1", typed: null },
    ]);
  });

  it("a preset fills the field, is marked as chosen and can be changed", async () => {
    const page = await rejecting();
    const presets = within(within(dialog()).getByRole("group", { name: /reasons/i })).getAllByRole("button");
    expect(presets.length).toBeGreaterThanOrEqual(3);
    const [first] = presets as [HTMLElement];
    await page.user.click(first);
    expect(reason().value).toBe(told(first));
    expect(first.getAttribute("aria-pressed")).toBe("true");
    await page.user.type(reason(), ", see the runbook");
    expect(first.getAttribute("aria-pressed")).toBe("false");
    expect(reason().value).toBe(`${told(first)}, see the runbook`);
  });

  it("choosing a preset decides nothing", async () => {
    const page = await rejecting();
    for (const preset of within(within(dialog()).getByRole("group")).getAllByRole("button")) await page.user.click(preset);
    expect(page.did).toEqual([]);
  });

  it("says that nothing of the request will run, and never that it was approved", async () => {
    await rejecting();
    expect(told(dialog())).toMatch(/Nothing of this request runs any more/);
    expect(told(dialog())).not.toMatch(/approv/i);
  });

  it("keeps the reason when the engine refuses, and the person may try again", async () => {
    const page = await rejecting();
    page.refuse("prepare", "unreachable");
    await page.user.type(reason(), "Wrong host");
    await page.user.click(press());
    await page.press("{Shift}");
    expect(told(dialog())).toMatch(/cannot be reached/);
    await page.click("Try again");
    expect(reason().value).toBe("Wrong host");
    expect(page.count("confirm")).toBe(0);
  });
});

describe("a reject that was called back", () => {
  /** Pressed, and the gateway takes its time to answer the reading that comes first. */
  async function preparing(): Promise<{ page: Page; answer: () => Promise<void> }> {
    const page = await rejecting();
    const answer = page.hold("prepare");
    await page.user.type(reason(), "Wrong host");
    await page.user.click(press());
    await pass(50);
    expect(page.count("prepare")).toBe(1);
    return { page, answer };
  }

  it.each([["Escape", (page: Page) => page.press("{Escape}")], ["Cancel", (page: Page) => page.click("Cancel")]])("rule_3 with %s while the request is read once more confirms nothing when the answer comes", async (_, callBack) => {
    const { page, answer } = await preparing();
    await callBack(page);
    expect(screen.queryByRole("dialog")).toBeNull();
    await answer();
    await pass(5000);
    expect(page.count("confirm")).toBe(0);
  });

  it("keeps its reason, and a second try is confirmed once", async () => {
    const { page, answer } = await preparing();
    await page.press("{Escape}");
    await page.press("r");
    await answer();
    expect(reason().value).toBe("Wrong host");
    expect(page.count("confirm")).toBe(0);
    await page.user.click(press());
    await pass(50);
    expect(page.count("confirm")).toBe(1);
  });

  it("is not called recorded before it is being recorded", async () => {
    const { answer } = await preparing();
    expect(told(dialog())).not.toMatch(/Record/);
    await answer();
    expect(screen.queryByRole("dialog")).toBeNull();
  });
});

describe("a decision that is being recorded", () => {
  it("cannot be called back any more: Cancel and Escape are closed, and the dialog says what goes on", async () => {
    const page = await rejecting();
    const recorded = page.hold("confirm");
    await page.user.type(reason(), "Wrong host");
    await page.user.click(press());
    await pass(50);
    const cancel = within(dialog()).getByRole("button", { name: "Cancel" });
    within(dialog()).getByRole("button", { name: "Recording" });
    expect(isClosed(cancel)).toBe(true);
    await page.user.click(cancel);
    await page.press("{Escape}");
    within(dialog()).getByRole("button", { name: "Recording" });
    await recorded();
    expect(screen.queryByRole("dialog")).toBeNull();
    expect(page.count("confirm")).toBe(1);
  });

  it("and whose console was left closes no dialog that was opened since", async () => {
    const page = await rejecting();
    const recorded = page.hold("confirm");
    await page.user.type(reason(), "Wrong host");
    await page.user.click(press());
    await pass(50);
    await page.fake.dispatch({ do: "rehearse" });
    await pass(5000);
    expect(screen.queryByRole("dialog")).toBeNull();
    await page.press("jr");
    const next = dialog();
    await recorded();
    expect(screen.queryByRole("dialog")).toBe(next);
  });
});

describe("a stop", () => {
  it("says that it cannot undo what ran, and sends its reason for the whole request", async () => {
    const page = await openCard(executing, [], bare);
    await page.click(/^Stop after this action/);
    expect(told(dialog())).toMatch(/What ran already stays as it is/);
    expect(isClosed(press())).toBe(true);
    await page.user.type(reason(), "It makes things worse");
    await page.user.click(press());
    await page.press("{Shift}");
    expect(page.last("prepare")).toMatchObject({ point: "request", verdict: { verdict: "stop", reason: "It makes things worse" }, unreachable: "give_up" });
    expect(page.last("confirm")).toEqual({ do: "confirm", nonce: "nonce-1", typed: null });
  });

  it("cannot be asked of a gateway that cannot do it, and the card says so", async () => {
    const page = await openCard({ ...executing, digest: null, revision: 0 }, [], bare);
    const stop = screen.getByRole("button", { name: /^Stop after this action/ });
    expect(isClosed(stop)).toBe(true);
    expect(described(stop)).toMatch(/cannot stop a running request/);
    await page.user.click(stop);
    expect(screen.queryByRole("dialog")).toBeNull();
  });
});
