/** What the card says of a decision of my own, from the moment it is recorded to its end, and never more than is known. */
import { within } from "@testing-library/svelte";
import { describe, expect, it } from "vitest";
import { at, gateway, ME } from "../src/backend/fake/make";
import type { Approval } from "../src/bindings/Approval";
import type { DecisionView } from "../src/bindings/DecisionView";
import { card, offers, openCard, told } from "./page";
import { COLLEAGUE, disk, executing, gated, holding, measure, mine, over, proved, restart, trim } from "./requests";

const bare = { bare: true };
const APPROVE = `Approve all as ${ME} on search-prod`;
const reject = { verdict: "reject" as const, reason: "Wrong host" };

describe("rule_7 before the gateway acknowledged an approval", () => {
  const states: [string, DecisionView][] = [
    ["held", mine(disk, { state: "held" })],
    ["queued", mine(disk, { state: "queued" })],
    ["sent", mine(disk, { state: "sent" })],
    ["unknown", mine(disk, { state: "unknown", code: "unknown", detail: "No answer came within 60 s." })],
    ["refused", mine(disk, { state: "refused", code: "not_allowed", detail: "Policy says no." })],
    ["not taken", mine(disk, { state: "not_taken", code: "not_taken" })],
    ["changed", mine(disk, { state: "changed", code: "changed" })],
  ];

  it.each(states)("%s: nothing on the page calls it approved", async (_, decision) => {
    await openCard(disk, [decision], bare);
    expect(told(document.body)).not.toMatch(/\bApproved\b|approved by/);
  });

  it.each(states.slice(0, 4))("%s: it cannot be decided a second time", async (_, decision) => {
    await openCard(disk, [decision], bare);
    expect(Object.keys(offers()).filter((one) => !one.startsWith("Check"))).toEqual([]);
  });

  it("an approval of one action that is on its way is not called approved because the request was before", async () => {
    await openCard(holding, [mine(holding, { state: "sent", point: { action: restart.action_id } })], bare);
    expect(told(card())).toMatch(/no answer/i);
    expect(told(card())).not.toMatch(/approved by/i);
  });
});

describe("a decision that has not left this machine", () => {
  it.each([["approve", { verdict: "approve" as const }], ["reject", reject]])("%s: is said to be recorded here and not sent", async (_, verdict) => {
    await openCard(disk, [mine(disk, { state: "queued", verdict })], bare);
    expect(told(card())).toMatch(/not sent/i);
    expect(told(card())).toMatch(/recorded/i);
  });

  it("held: says it was not sent, and speaks of taking it back only where that can be done", async () => {
    await openCard(disk, [mine(disk, { state: "held" })], bare);
    expect(told(card())).toMatch(/held/i);
    const back = within(card()).queryByRole("button", { name: /take back|undo/i });
    expect(/taken back|undo/i.test(told(card()))).toBe(back !== null);
  });

  it("f46 frozen by a lost sign-in: says who has to sign in, and does not promise to send it", async () => {
    const lost = gateway({ account: null, connection: { state: "sign_in_needed", why: "expired" } });
    await openCard(disk, [mine(disk, { state: "queued", waits: { what: "sign_in", until: null } })], { ...bare, gateways: [lost] });
    expect(told(card())).toMatch(new RegExp(`until ${ME} signs in`));
    expect(told(card())).not.toMatch(/goes out/);
    expect(offers()).toEqual({});
  });

  it("rule_8 waits for its own account, not for whoever is signed in", async () => {
    await openCard(disk, [mine(disk, { state: "queued", waits: { what: "sign_in", until: null } })], { ...bare, gateways: [gateway({ account: COLLEAGUE })] });
    expect(told(card())).toMatch(new RegExp(`until ${ME} signs in; under another name it never leaves`));
    expect(told(card())).not.toMatch(/goes out/);
  });
});

describe("a decision that is on its way", () => {
  it("says that no answer has come", async () => {
    await openCard(disk, [mine(disk, { state: "sent" })], bare);
    expect(told(card())).toMatch(/Sent, no answer yet/);
    expect(told(card())).not.toMatch(/refused|failed|took effect/i);
  });

  it("is called approved once the gateway acknowledged it, and its effect is still open", async () => {
    await openCard(executing, [mine(executing, { state: "acknowledged" })], bare);
    expect(told(card())).toMatch(/Approved/);
    expect(told(card())).toMatch(/effect is still to be seen/);
    expect(told(card())).not.toMatch(/took effect/i);
  });
});

describe("an approval that was carried out", () => {
  it("took effect only with the results that prove it", async () => {
    const done = over(disk, "completed");
    await openCard(done, [mine(done, { state: "observed", results: proved(measure, trim) })], bare);
    expect(told(card())).toMatch(/Took effect/);
  });

  it("without results is not said to have taken effect", async () => {
    const done = over(disk, "completed");
    await openCard(done, [mine(done, { state: "observed" })], bare);
    expect(told(card())).not.toMatch(/took effect/i);
  });

  it("that leads to a hold says so and asks for the next action only", async () => {
    await openCard(holding, [mine(gated, { state: "observed", status: "paused", waiting: restart.action_id, results: proved(measure, trim) })], bare);
    expect(told(card())).toMatch(/2 took effect/);
    expect(offers()).toEqual({ Reject: "open", [`Approve 3 as ${ME} on search-prod`]: "open" });
  });
});

describe("a decision that was not carried out", () => {
  it("refused: names the refusal, says that nothing ran, and may be decided again", async () => {
    await openCard(disk, [mine(disk, { state: "refused", code: "not_allowed", detail: "Policy change-freeze denies it." })], bare);
    expect(told(card())).toMatch(/refused your approval/i);
    expect(told(card())).toContain("Policy change-freeze denies it.");
    expect(offers()).toEqual({ Reject: "open", [APPROVE]: "open" });
  });

  it("rule_4 not taken: says that nothing is sent again by itself, and may be decided again", async () => {
    await openCard(disk, [mine(disk, { state: "not_taken", code: "not_taken", detail: "The gateway answered HTTP 502." })], bare);
    expect(told(card())).toMatch(/not taken/i);
    expect(told(card())).toMatch(/nothing is sent again by itself/i);
    expect(offers()).toEqual({ Reject: "open", [APPROVE]: "open" });
  });

  it("f24 conflict: names who was first and does not claim my decision", async () => {
    const theirs = over(disk, "completed", { decided_by: COLLEAGUE });
    await openCard(theirs, [mine(theirs, { state: "conflict", code: "already_decided", detail: `${COLLEAGUE} decided at 02:40:42.` })], bare);
    expect(told(card())).toMatch(new RegExp(`${COLLEAGUE} decided first`));
    expect(told(card())).not.toMatch(/\byou\b/);
    expect(offers()).toEqual({});
  });

  it("f24 conflict over one action: the one who passed that action is named, not I, who passed the request", async () => {
    const state = { ...holding.execution_state, [restart.action_id]: { requires_approval: true, approved: true, executed: false, success: null, approved_by: COLLEAGUE, approved_at: at(-3) } };
    const theirs: Approval = { ...holding, status: "executing", pending_approval_actions: [], execution_state: state };
    await openCard(theirs, [mine(theirs, { state: "conflict", point: { action: restart.action_id } })], bare);
    expect(told(card())).toMatch(new RegExp(`${COLLEAGUE} decided first`));
    expect(told(card())).not.toMatch(/you decided first/i);
  });

  it("f24 conflict with a decision under the same account says so in words that make sense", async () => {
    const theirs = over(disk, "rejected");
    await openCard(theirs, [mine(theirs, { state: "conflict" })], bare);
    expect(told(card())).not.toMatch(/you decided first/i);
    expect(told(card())).toMatch(/another decision of yours came first/i);
  });

  it("f26 changed: says that nothing was carried out; what stands there now may be decided afresh", async () => {
    await openCard(disk, [mine(disk, { state: "changed", code: "changed" })], bare);
    expect(told(card())).toMatch(/changed before your approval arrived/i);
    expect(offers()[APPROVE]).toBe("open");
  });

  it("f27 expired: says that nothing ran and offers nothing", async () => {
    const late = { ...disk, status: "expired", expires_at: at(-30) };
    await openCard(late, [mine(late, { state: "expired", code: "expired" })], bare);
    expect(told(card())).toMatch(/time ran out/i);
    expect(told(card())).toMatch(/nothing ran/i);
    expect(offers()).toEqual({});
  });
});

describe("rule_5 a decision whose outcome is unknown", () => {
  const lost = mine(executing, { state: "unknown", code: "unknown", detail: "No answer came within 60 s." });

  it("is called unknown and checking, neither failed nor done", async () => {
    await openCard(executing, [lost], bare);
    expect(told(card())).toMatch(/Outcome unknown, checking/);
    expect(told(card())).not.toMatch(/failed|took effect/i);
  });

  it("offers to look again and nothing else", async () => {
    await openCard(executing, [lost], bare);
    expect(offers()).toEqual({ "Check now": "open" });
  });

  it("looking again reads the request and sends nothing", async () => {
    const page = await openCard(executing, [lost], bare);
    await page.click("Check now");
    expect(page.did).toEqual([]);
  });

  it("stays unknown although the request has been seen to be over", async () => {
    await openCard(over(disk, "completed"), [mine(disk, { state: "unknown", code: "unknown" })], bare);
    expect(told(card())).toMatch(/Outcome unknown/);
  });
});

describe("a reject and a stop", () => {
  it("rejected: says so with the reason, and no action is called run", async () => {
    const done = over(gated, "rejected", { rejection_reason: "Wrong host" });
    await openCard(done, [mine(done, { state: "observed", status: "rejected", verdict: reject })], bare);
    expect(told(card())).toMatch(/Rejected by you/);
    expect(told(card())).toContain("Wrong host");
    expect(told(card())).not.toMatch(/took effect|approved/i);
  });

  it("stopped: what ran stays told, the rest did not run", async () => {
    const done = over(gated, "stopped", { current_action_index: 1 });
    await openCard(done, [mine(done, { state: "observed", status: "stopped", verdict: { verdict: "stop", reason: "It makes things worse" }, results: proved(measure) })], bare);
    expect(told(card())).toMatch(/Stopped by you/);
    expect(told(card())).toMatch(/1 took effect/);
    expect(told(card())).toMatch(/Did not run/);
  });
});
