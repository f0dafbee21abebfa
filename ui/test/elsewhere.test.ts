/** Decided by somebody else while the card is open: it stays, says who and when, and nothing under the pointer becomes another button. */
import { fireEvent, screen } from "@testing-library/svelte";
import { describe, expect, it } from "vitest";
import { pool } from "../src/backend/fake/requests";
import { narrow } from "../src/effect/narrow";
import { card, offers, open, pass, told } from "./page";

const OTHER = "sre-secondary@example.com";

function bar(): HTMLElement {
  const found = screen.getByRole("button", { name: /^Approve/ }).closest<HTMLElement>(".bar");
  if (found === null) throw new Error("the card has no bar");
  return found;
}

describe("decided elsewhere", () => {
  it("rule_6 the card stays and names who decided and when; nobody here is said to have", async () => {
    await open("elsewhere");
    expect(offers()).toHaveProperty(`Approve 1 and 2 as you@example.com on payments-prod`);
    await pass(1000);
    expect(screen.getByRole("heading", { level: 2, name: pool.error_message })).toBeTruthy();
    expect(told(card())).toContain(`${OTHER} approved it at 02:41:13`);
    expect(told(card())).toContain("Nothing was decided on this machine");
    expect(told(card())).not.toMatch(/approved by you\b/i);
  });

  it("a rejection is named with its reason", async () => {
    await open("rejectedelsewhere");
    await pass(1000);
    expect(told(card())).toContain(`${OTHER} rejected it at 02:41:13`);
    expect(told(card())).toContain("The migration is being rolled back");
  });

  it("what stands under the pointer closes in its place and becomes nothing else until the pointer leaves", async () => {
    const page = await open("elsewhere");
    const inside = bar();
    await fireEvent.pointerEnter(inside);
    await pass(1000);
    expect(Object.entries(offers())).toEqual([["Reject", "closed"], ["Approve 1 and 2 as you@example.com on payments-prod", "closed"]]);
    expect(told(inside)).toContain(`${OTHER} approved it`);
    await page.press("a");
    expect(screen.queryByRole("dialog")).toBeNull();
    await fireEvent.pointerLeave(inside);
    await pass(50);
    expect(offers()).toEqual({ "Stop after this action": "open" });
  });

  it("without the pointer in it the bar shows at once what can be done now", async () => {
    await open("elsewhere");
    await pass(1000);
    expect(offers()).toEqual({ "Stop after this action": "open" });
  });
});

describe("rule_3 what differs", () => {
  it("is cut to the lines that differ, and marked within a single line", () => {
    const found = narrow("GET https://x/v1/pools\naccept: a\nno body", "GET https://x/v2/pools\naccept: a\nno body");
    expect(found.same).toBe(2);
    expect(found.before.map((span) => span.text)).toEqual(["GET https://x/", "v1", "/pools"]);
    expect(found.after.filter((span) => span.kind === "differs").map((span) => span.text)).toEqual(["v2"]);
  });

  it.each([["a\nb", "b"], ["a\na", "a"], ["x\u{1f600}", "x\u{1f601}"], ["same", "same"]])("never loses text: %j to %j", (before, after) => {
    const found = narrow(before, after);
    for (const [text, spans] of [[before, found.before], [after, found.after]] as const) {
      const shown = spans.map((span) => span.text).join("");
      expect(text).toContain(shown);
      expect(text.split("\n").length).toBe(found.same + (shown === "" ? 0 : shown.split("\n").length));
    }
  });
});
