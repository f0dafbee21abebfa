/** Whole ways through the page: from the card to the end of a decision, with results coming in one by one. */
import { screen } from "@testing-library/svelte";
import { describe, expect, it } from "vitest";
import { at, ME, result } from "../src/backend/fake/make";
import { card, offers, open, openCard, pass, told } from "./page";
import { COLLEAGUE, disk, executing, measure, mine, over, ran, trim } from "./requests";

const bare = { bare: true };
const announced = () => screen.getAllByRole("status").map(told).join(" ");

describe("an approval that goes well", () => {
  it("is recorded, sent, acknowledged, runs action by action and took effect, each said only once it is so", async () => {
    const page = await openCard(disk, [], bare);
    const seen: string[] = [];
    const note = () => {
      const now = told(card());
      const word = /Took effect(?!.*(Running|Not started))/.test(now) ? "took effect" : /\d took effect/.test(now) ? "some ran" : /Approved/.test(now) ? "approved" : /no answer yet/i.test(now) ? "sent" : /not sent/i.test(now) ? "recorded" : "waits";
      if (seen.at(-1) !== word) seen.push(word);
    };
    await page.click(/^Approve all/);
    await pass(1000);
    note();
    await page.press("{Enter}");
    for (let step = 0; step < 90; step += 1) {
      note();
      await pass(50);
    }
    expect(seen).toEqual(["waits", "recorded", "sent", "approved", "some ran", "took effect"]);
  });

  it("tells those who do not see the page how it ended", async () => {
    const page = await openCard(disk, [], bare);
    await page.click(/^Approve all/);
    await pass(1000);
    await page.press("{Enter}");
    await pass(700);
    expect(announced()).toMatch(/The gateway took it/);
    await pass(4000);
    expect(announced()).toMatch(/Took effect/);
    expect(announced()).not.toMatch(/Running/);
  });

  it("tells the end of a decision also when another card is open by then", async () => {
    const page = await open("inbox");
    await page.press("jjj");
    await page.press("a");
    await pass(2000);
    await page.press("{Enter}");
    await pass(700);
    await page.press("k");
    await pass(5000);
    expect(announced()).toMatch(/Took effect.*OIDC discovery|OIDC discovery.*took effect/i);
  });

  it("a stop in between ends the chain, and what ran stays told", async () => {
    const page = await openCard(executing, [], bare);
    await page.click(/^Stop after this action/);
    await page.user.type(screen.getByRole("textbox", { name: /Reason/ }), "It makes things worse");
    await page.press("{Tab}{Tab}{Enter}");
    await pass(1000);
    expect(told(card())).toMatch(/Stopped by you/);
    expect(offers()).toEqual({});
  });
});

describe("results that come in while the card is open", () => {
  const running = { ...disk, status: "executing", decided_by: ME, decided_at: at(-5) };
  const decision = mine(disk, { state: "acknowledged", status: "executing" });

  it("stand at their own action, the others stay as they are", async () => {
    const page = await openCard(running, [decision], bare);
    const steps = () => screen.getAllByRole("listitem").filter((one) => one.querySelector("h4") !== null).map(told);
    expect(steps()[0]).not.toMatch(/took effect/i);
    page.fake.arrive({ ...running, current_action_index: 1, execution_state: { [measure.action_id]: ran(true) } });
    await page.push((view) => ({ decisions: [{ ...decision, results: [result(measure.action_id, { output: "91 % used" })] }], requests: view.requests }));
    expect(steps()[0]).toMatch(/Took effect.*91 % used/);
    expect(steps()[1]).toMatch(/Running/);
    expect(steps()[1]).not.toMatch(/took effect/i);
  });

  it("a failure is told at once, beside what it answered", async () => {
    const page = await openCard(running, [decision], bare);
    await page.push(() => ({ decisions: [{ ...decision, results: [result(measure.action_id, { success: false, status: "failed", error: "no route to search-data-2", result: null })] }] }));
    expect(told(card())).toMatch(/1 failed/);
    expect(told(card())).toContain("no route to search-data-2");
  });
});

describe("rule_6 someone else decides while the card is open", () => {
  it("names who, takes the buttons away and keeps the card where it is", async () => {
    const page = await openCard(disk, [], bare);
    await page.arrive(over(disk, "rejected", { decided_by: COLLEAGUE, rejection_reason: "Wrong host" }));
    expect(told(card())).toContain(disk.error_message);
    expect(told(card())).toMatch(new RegExp(`Rejected.*${COLLEAGUE}`));
    expect(offers()).toEqual({});
  });

  it("a key that comes a moment too late opens nothing", async () => {
    const page = await openCard(disk, [], bare);
    await page.arrive(over(disk, "completed", { decided_by: COLLEAGUE, execution_state: { [measure.action_id]: ran(true), [trim.action_id]: ran(true) } }));
    await page.press("a");
    await page.press("r");
    expect(screen.queryByRole("dialog")).toBeNull();
    expect(page.did).toEqual([]);
  });
});

describe("the connection breaks while the card is open", () => {
  const stale = { state: "stale" as const, since: at(0), why: "lost" as const };

  it("closes the approval, says why, and opens it again with the connection", async () => {
    const page = await openCard(disk, [], bare);
    const approve = () => Object.entries(offers()).find(([name]) => name.startsWith("Approve"))?.[1];
    await page.push((view) => ({ gateways: view.gateways.map((one) => ({ ...one, connection: stale })) }));
    expect(approve()).toBe("closed");
    expect(told(card())).toMatch(/needs a fresh look/);
    await page.push((view) => ({ gateways: view.gateways.map((one) => ({ ...one, connection: { state: "live", via: "socket" } })) }));
    expect(approve()).toBe("open");
  });

  it("keeps what is on screen and says as of when it is", async () => {
    const page = await openCard(disk, [], bare);
    await page.push((view) => ({ gateways: view.gateways.map((one) => ({ ...one, connection: stale })) }));
    expect(told(card())).toContain(disk.error_message);
    expect(told(screen.getByRole("region", { name: "Inbox" }))).toMatch(/You are looking at \d\d:\d\d/);
  });
});
