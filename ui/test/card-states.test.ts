/** What the card says of a request in each of its states, and what can be pressed there. Nobody here has decided on it yet. */
import { screen, within } from "@testing-library/svelte";
import { describe, expect, it } from "vitest";
import { at, ME, result } from "../src/backend/fake/make";
import type { Approval } from "../src/bindings/Approval";
import { card, isClosed, offers, openCard, told } from "./page";
import { COLLEAGUE, disk, executing, gated, holding, measure, over, proved, ran, restart, trim } from "./requests";

const APPROVE = `Approve all as ${ME} on search-prod`;
const bare = { bare: true };

describe("a request that waits", () => {
  it("says that nothing has run, what will be sent and who decides where", async () => {
    await openCard(disk, [], bare);
    expect(told(card())).toMatch(/Nothing has run yet/);
    within(card()).getByRole("heading", { name: "What will be sent" });
    expect(offers()).toEqual({ Reject: "open", [APPROVE]: "open" });
  });

  it("names on the button what the press covers, and where it then holds", async () => {
    await openCard(gated, [], bare);
    expect(offers()).toEqual({ Reject: "open", [`Approve 1 and 2 as ${ME} on search-prod`]: "open" });
    expect(told(card())).toMatch(/Runs 1 and 2, then holds before 3/);
  });

  it("shows confidence as a word and a number", async () => {
    await openCard(disk, [], bare);
    expect(told(card())).toMatch(/high.{0,12}0\.12/);
  });

  it("holds at one action and asks for that action only", async () => {
    await openCard(holding, [], bare);
    expect(told(card())).toMatch(/hold/i);
    expect(offers()).toEqual({ Reject: "open", [`Approve 3 as ${ME} on search-prod`]: "open" });
  });

  it("rule_6 is expired once its time is over, whatever the gateway has said so far", async () => {
    await openCard({ ...disk, expires_at: at(-1) }, [], bare);
    expect(told(card())).toMatch(/expired/i);
    expect(offers()).toEqual({});
  });
});

describe("a request that runs", () => {
  it("says at which action it is and offers only to stop", async () => {
    await openCard(executing, [], bare);
    expect(told(card())).toMatch(/Running/);
    expect(told(card())).toMatch(/2 of 3/);
    expect(offers()).toEqual({ "Stop after this action": "open" });
  });

  it("rule_12 calls an action whose result is missing neither a success nor a failure", async () => {
    await openCard(executing, [], bare);
    expect(told(card())).not.toMatch(/took effect|failed/i);
    expect(told(card())).toMatch(/nothing here proves the effect/i);
  });
});

const OVER: [string, Approval, RegExp, RegExp][] = [
  ["failed", over(gated, "failed", { execution_state: { [measure.action_id]: ran(false) } }), /failed/i, /took effect/i],
  ["rejected", over(disk, "rejected", { rejection_reason: "Wrong host" }), /rejected/i, /approved|took effect|failed/i],
  ["stopped", over(gated, "stopped", { execution_state: { [measure.action_id]: ran(true) } }), /stopped/i, /took effect|failed/i],
  ["withdrawn", over(disk, "withdrawn", { decided_by: null }), /withdrawn/i, /approved|took effect|failed/i],
  ["interrupted", over(gated, "interrupted", { execution_state: { [measure.action_id]: ran(null) } }), /interrupted/i, /took effect|failed/i],
  ["expired", over(disk, "expired", { decided_by: null }), /expired/i, /approved|took effect|failed/i],
  ["completed without a result", over(disk, "completed", { execution_state: { [measure.action_id]: ran(true), [trim.action_id]: ran(true) } }), /not proved/i, /took effect/i],
];

describe("a request that is over", () => {
  it.each(OVER)("%s: says so, says nothing false, and cannot be decided", async (_, request, says, never) => {
    await openCard(request, [], bare);
    expect(told(card())).toMatch(says);
    expect(told(card())).not.toMatch(never);
    expect(offers()).toEqual({});
  });

  it.each(["rejected", "stopped", "completed", "failed"])("rule_6 %s: names the one who decided", async (status) => {
    await openCard(over(disk, status, { decided_by: COLLEAGUE }), [], bare);
    expect(told(card())).toContain(COLLEAGUE);
  });

  it("rejected: shows the reason that was given", async () => {
    await openCard(over(disk, "rejected", { decided_by: COLLEAGUE, rejection_reason: "Wrong host" }), [], bare);
    expect(told(card())).toContain("Wrong host");
  });

  it("rejected: shows what would have been sent, as not run", async () => {
    await openCard(over(disk, "rejected"), [], bare);
    within(card()).getByRole("heading", { name: "What would have been sent" });
    expect(told(card())).toMatch(/Did not run/);
  });

  it("interrupted: what was running may or may not have taken effect", async () => {
    await openCard(OVER[4]?.[1] as Approval, [], bare);
    expect(told(card())).toMatch(/may or may not|may have run/i);
  });
});

describe("what an action did (rule 12)", () => {
  const after = (rest: Parameters<typeof result>[1]) => ({ ...over(disk, "completed"), execution_results: [result(measure.action_id), result(trim.action_id, rest)] });

  it("took effect is said only where each result proves it", async () => {
    await openCard({ ...over(disk, "completed"), execution_results: proved(measure, trim) } as Approval, [], bare);
    expect(told(card())).toMatch(/took effect/i);
    expect(told(card())).toMatch(/HTTP 200/);
  });

  it("a success whose result answers 404 is shown as failed, with what the gateway claims", async () => {
    await openCard(after({ result: { status: "success", status_code: 404 } }) as Approval, [], bare);
    expect(told(card())).toMatch(/Failed, HTTP 404/);
    expect(told(card())).toMatch(/The gateway reported success/);
  });

  it("a success whose process ended with 1 is shown as failed", async () => {
    await openCard(after({ result: { exit_code: 1 } }) as Approval, [], bare);
    expect(told(card())).toMatch(/Failed, exit 1/);
  });

  it("a result that says nothing proves nothing", async () => {
    await openCard(after({ success: null, status: null, result: null }) as Approval, [], bare);
    expect(told(card())).toMatch(/not proved/i);
    expect(told(card())).toMatch(/It may have run/);
  });
});

describe("what this build cannot judge", () => {
  it("a status it does not know is shown by its name and cannot be decided", async () => {
    await openCard({ ...disk, status: "melting" }, [], bare);
    expect(told(card())).toContain("melting");
    expect(told(card())).toMatch(/does not know/);
    expect(offers()).toEqual({});
  });

  it("rule_3 a request whose digest does not fit what arrived cannot be approved, and says why", async () => {
    await openCard({ ...disk, digest: `sha-256:${"0".repeat(64)}` }, [], bare);
    const approve = within(card()).getByRole("button", { name: new RegExp(APPROVE) });
    expect(isClosed(approve)).toBe(true);
    expect(told(card())).toMatch(/digest does not fit/);
    expect(told(card())).toMatch(/does NOT equal/);
  });

  it("what the gateway does not disclose is said to be undisclosed", async () => {
    await openCard({ ...disk, digest: null, revision: 0, actions: [{ ...measure, effect: { kind: "undisclosed", entry: null } }] }, [], bare);
    expect(told(card())).toMatch(/not disclosed/);
  });

  it("no one approves what they asked for themselves", async () => {
    await openCard({ ...disk, requested_by: ME }, [], bare);
    expect(offers()[APPROVE]).toBe("closed");
    expect(told(card())).toMatch(/asked for this yourself/);
  });

  it("a request that the gateway no longer has is called gone, never resolved", async () => {
    const page = await openCard(disk, [], bare);
    page.fake.open("APR-NOBODYKNOWS0");
    await page.press("{Escape}");
    expect(told(card())).toMatch(/Gone at the gateway/);
    expect(told(card())).not.toMatch(/resolved|completed/i);
    expect(screen.queryByRole("button", { name: /^Approve/ })).toBeNull();
  });
});

it("shows each hashed field of an action on the card (rule 3)", async () => {
  const shown = { ...restart, version: 17, action_metadata: { timeout: 45 }, effect: { kind: "ssh" as const, host: "h-1.internal", port: "2222", user: "ops", host_key: "SHA256:abc", argv: ["systemctl", "restart search"] } };
  await openCard({ ...gated, revision: 5, actions: [shown], digest: null }, [], bare);
  for (const part of ["APR-0000000611ED", "search-prod", "Revision 5", "Per action", "restart-search", "v17", "High risk", "Needs its own approval", "45 s limit", "ops@h-1.internal", "2222", "SHA256:abc", 'systemctl "restart search"']) expect(told(card())).toContain(part);
});
