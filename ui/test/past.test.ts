/** History, runbooks, mappings and settings: search, the past as it looked then, lists with their date, appearance. */
import { screen, within } from "@testing-library/svelte";
import { describe, expect, it, vi } from "vitest";
import { history } from "../src/backend/fake/lists";
import { ME } from "../src/backend/fake/make";
import type { HistoryEntry } from "../src/bindings/HistoryEntry";
import { open, type Page, pass, told } from "./page";

const pane = (name: string) => screen.getByRole("region", { name });
const entries = () => within(pane("History")).getAllByRole("option").map(told);
const detail = () => told(pane("Past"));

/** The page at its history, once it has been read. */
async function atHistory(scene = "inbox"): Promise<Page> {
  const page = await open(scene);
  await page.press("gh");
  await pass(500);
  return page;
}

async function search(page: Page, text: string): Promise<void> {
  await page.user.clear(screen.getByRole("searchbox"));
  await page.user.type(screen.getByRole("searchbox"), text);
  await pass(500);
}

describe("history", () => {
  it("is newest first, and says how many were found", async () => {
    await atHistory();
    expect(entries()[0]).toMatch(/Approval required: db-pool-exhausted/);
    expect(told(pane("History"))).toContain(`${history.length} found`);
  });

  it("searches as one types, without a press, and finds nothing honestly", async () => {
    const page = await atHistory();
    await search(page, "failover");
    expect(entries()).toHaveLength(1);
    await search(page, "no such thing");
    expect(told(pane("History"))).toMatch(/Nothing found.*no such thing/);
  });

  it("asks the local history, with the text as it was typed", async () => {
    const page = await atHistory();
    const query = vi.spyOn(page.fake, "query");
    await search(page, "who:me \"NEAR( *");
    expect(query.mock.calls.map(([asked]) => asked).findLast((asked) => asked.ask === "history")).toMatchObject({ ask: "history", query: "who:me \"NEAR( *" });
  });

  it("rule_12 a decision whose action ended with 1 stands as failed, not as taken effect", async () => {
    await atHistory();
    const failed = entries().find((one) => /failed at restart-pgbouncer/.test(one));
    expect(failed).toMatch(/exit 1/);
    expect(failed).not.toMatch(/took effect/);
  });

  it("rule_7 what the gateway never acknowledged is not listed as approved", async () => {
    await atHistory();
    const second = entries().find((one) => one.includes("Failover of payments-rw"));
    expect(second).toMatch(/someone else decided first/);
    expect(second).not.toMatch(/\bApproved\b/);
  });

  it.each(["sent", "queued", "held", "unknown", "refused", "not_taken", "changed", "expired"] as const)("rule_7 an approval that ended %s is not called approved", async (state) => {
    const page = await open("inbox");
    const one = history.find((entry): entry is Extract<HistoryEntry, { kind: "decision" }> => entry.kind === "decision");
    const query = page.fake.query.bind(page.fake);
    const kept: HistoryEntry = { ...(one as Extract<HistoryEntry, { kind: "decision" }>), verdict: "approve", reason: null, state, status: null };
    vi.spyOn(page.fake, "query").mockImplementation(async (asked) => (asked.ask === "history" ? { answer: "history", value: [kept] } : query(asked)));
    await page.press("gh");
    await pass(500);
    expect(entries()[0]).not.toMatch(/\bApproved\b/);
    expect(detail()).not.toMatch(/\bApproved\b|approved by/);
  });
});

describe("a past decision", () => {
  it("reopens as it looked then, read only, with its receipt", async () => {
    const page = await atHistory();
    await search(page, "timed out waiting");
    await page.user.click(within(pane("History")).getByRole("option"));
    await pass(200);
    expect(detail()).toMatch(/Read only/);
    expect(detail()).toMatch(/restart-pgbouncer/);
    expect(detail()).toMatch(/Failed, exit 1/);
    expect(detail()).toMatch(new RegExp(`verdict.*approve.*identity.*${ME}.*digest.*sha-256:`));
    expect(within(pane("Past")).queryByRole("button", { name: /^(Approve|Reject|Stop)/ })).toBeNull();
  });

  it("a and r do nothing there", async () => {
    const page = await atHistory();
    await page.press("a");
    await page.press("r");
    expect(screen.queryByRole("dialog")).toBeNull();
    expect(page.did).toEqual([]);
  });

  it("f24 that came second does not claim that I was first", async () => {
    const page = await atHistory();
    await search(page, "failover");
    await page.user.click(within(pane("History")).getByRole("option"));
    await pass(200);
    expect(detail()).toMatch(/Someone else decided first|payments-lead@example.com decided first/);
    expect(detail()).not.toMatch(/you decided first|decision of yours came first|approved by you/i);
  });

  it("says that its receipts hold only when they were verified", async () => {
    await atHistory();
    expect(detail()).toMatch(/verified just now/);
  });

  it("a broken chain is said, on the receipt and under the list, and not called verified", async () => {
    await atHistory("badreceipt");
    expect(detail()).toMatch(/The chain is broken/);
    expect(detail()).not.toMatch(/verified just now/);
    expect(told(pane("History"))).toMatch(/chain is broken/);
  });

  it("whose request is no longer kept says so and keeps its receipt", async () => {
    const page = await open("inbox");
    const query = page.fake.query.bind(page.fake);
    vi.spyOn(page.fake, "query").mockImplementation(async (asked) => (asked.ask === "shown" ? { answer: "shown", value: null } : query(asked)));
    await page.press("gh");
    await pass(500);
    expect(detail()).toMatch(/no longer kept/);
    expect(detail()).toMatch(/Receipt/);
  });
});

describe.each([["r", "Runbooks", /restart-pgbouncer/], ["m", "Error mappings", /db-pool-exhausted/]])("the list of g %s", (key, name, has) => {
  it("is there, can be searched and says when it was read", async () => {
    const page = await open("inbox");
    await page.press(`g${key}`);
    expect(told(pane(name))).toMatch(has);
    expect(told(pane(name))).toMatch(/Read at \d\d:\d\d:\d\d/);
    await page.user.type(screen.getByRole("searchbox"), "zzz");
    expect(told(pane(name))).toMatch(/Nothing fits.*zzz/);
  });

  it("is there offline too, with its date and why it is not newer", async () => {
    const page = await open("offline");
    await page.press(`g${key}`);
    expect(told(pane(name))).toMatch(has);
    expect(told(pane(name))).toMatch(/as of \d\d:\d\d:\d\d.*No route to host/);
  });

  it("that is loading, empty or refused says so and what to do next", async () => {
    for (const [scene, says] of [["loading", /Reading/], ["empty", /yet/], ["error", /disk I\/O error/]] as const) {
      const page = await open(scene);
      await page.press(`g${key}`);
      expect(told(screen.getAllByRole("region", { name }).at(-1) ?? null)).toMatch(says);
    }
    expect(screen.getAllByRole("button", { name: "Try again" }).length).toBeGreaterThan(0);
  });
});

describe("runbooks and mappings", () => {
  it("an action is told with its risk, its gate and who uses it", async () => {
    const page = await open("inbox");
    await page.press("gr");
    await page.user.click(screen.getByRole("button", { name: /^restart-pgbouncer/ }));
    await pass(50);
    const told_ = told(pane("Action"));
    expect(told_).toMatch(/High risk/);
    expect(told_).toMatch(/Always asks for its own approval/);
    expect(told_).toMatch(/Used by 1 mapping.*db-pool-exhausted/);
  });

  it("a mapping with an action that does not exist is marked, and says what that leads to", async () => {
    const page = await open("inbox");
    await page.press("gm");
    await page.user.click(within(pane("Error mappings")).getByRole("option", { name: /consumer-lag-ledger/ }));
    await pass(50);
    expect(told(pane("Mapping"))).toMatch(/restart-consumer.*Missing/);
    expect(told(pane("Mapping"))).toMatch(/nobody is asked/);
  });
});

describe("settings", () => {
  const theme = (name: string) => within(screen.getByRole("radiogroup", { name: "Theme" })).getByRole<HTMLInputElement>("radio", { name });
  const worn = () => document.documentElement.dataset["theme"];

  it("the theme is worn at once and kept for the next time", async () => {
    const page = await open("inbox");
    await page.press("gs");
    expect(theme("System").checked).toBe(true);
    await page.user.click(theme("Dark"));
    expect(worn()).toBe("dark");
    const again = await open("inbox");
    expect(worn()).toBe("dark");
    await again.press("gs");
    await again.user.click(screen.getAllByRole("radio", { name: "System" }).at(-1) as HTMLElement);
    expect(worn()).toBeUndefined();
  });

  it("the palette sets it too", async () => {
    const page = await open("inbox");
    await page.press("{Control>}k{/Control}");
    await page.press("light{Enter}");
    expect(worn()).toBe("light");
  });

  it("a gateway says who decides there and as of when it is complete", async () => {
    const page = await open("inbox");
    await page.press("gs");
    expect(told(pane("Settings"))).toMatch(new RegExp(`prod-eu.*https://hold.example.com.*Live.*Decides as ${ME}.*complete as of \\d\\d:\\d\\d`));
  });

  it("the doors can be opened again from there, and left", async () => {
    const page = await open("inbox");
    await page.press("gs");
    await page.click("Add a gateway");
    screen.getByRole("heading", { name: "Rehearse first" });
    await page.click("Back to Settings");
    pane("Settings");
  });
});
