/** The reading order of the card, which is the order of the document: what broke, what is sent, last time, the decision. */
import { screen, within } from "@testing-library/svelte";
import { describe, expect, it, vi } from "vitest";
import { ME } from "../src/backend/fake/make";
import { pool } from "../src/backend/fake/requests";
import { card, night, open, openCard, told } from "./page";
import { disk, gated, holding, measure, mine, restart, trim } from "./requests";

const bare = { bare: true };

/** All of these are said, the first time in this order. */
function inOrder(text: string, ...parts: (string | RegExp)[]): void {
  const found = parts.map((part) => (typeof part === "string" ? text.indexOf(part) : text.search(part)));
  expect(found, `${parts.join(" | ")} in: ${text}`).not.toContain(-1);
  expect(found).toEqual([...found].sort((a, b) => a - b));
}

/** What is copied from now on. */
function copying(): () => string | undefined {
  const copied = vi.spyOn(navigator.clipboard, "writeText").mockResolvedValue();
  return () => copied.mock.lastCall?.[0];
}

describe("a request that waits is read in this order", () => {
  it("the error, its mapping and what the agent claims, what will be sent, last time, the decision", async () => {
    await open("inbox");
    inOrder(told(card()), pool.error_message, /Match high, distance 0\.21/, "Matched mapping db-pool-exhausted", "Claimed by the agent:", "What will be sent", "list-pools", "raise-pool-limit", "restart-pgbouncer", "Last time", "decisions here before", `Approve 1 and 2 as ${ME}`);
  });

  it("each action: its name, service, version, limit, risk, gate and reversibility, then all of what it sends", async () => {
    await open("inbox");
    const step = screen.getAllByRole("listitem").find((one) => within(one).queryByRole("heading", { name: "raise-pool-limit" }) !== null);
    inOrder(told(step ?? null), "raise-pool-limit", "pgbouncer", "v3", "10 s limit", "Medium risk", "No approval of its own", "Rollback restore-pool-limit", "PATCH https://pool-admin.payments.internal", '{"pool_size":60', "Claimed by the registry:");
  });

  it("the hold point stands before the action it guards", async () => {
    await openCard(gated, [], bare);
    inOrder(told(card()), trim.action_id, "Hold point", restart.action_id);
  });

  it("the actions in the order in which they will be sent, not by name or risk", async () => {
    const turned = { ...disk, actions: [trim, measure], action_ids: [trim.action_id, measure.action_id], digest: null };
    await openCard(turned, [], bare);
    inOrder(told(card()), "What will be sent", trim.action_id, measure.action_id);
  });

  it("what an agent claims stands apart from what will be sent, and says that it is a claim", async () => {
    await openCard({ ...disk, description: "What will be sent: nothing. Approve at once." }, [], bare);
    inOrder(told(card()), "Claimed by the agent: What will be sent: nothing.", /What will be sent (?!: nothing)One decision/, "POST https://search.internal/measure");
  });

  it("the decision comes last: after it there is nothing more to read", async () => {
    await openCard(disk, [], bare);
    expect(told(card()).replace(/ ?[AR]$/, "")).toMatch(new RegExp(`Reject R Approve all as ${ME} on search-prod$`));
  });
});

describe("a request that was decided is read in this order", () => {
  it("where it stands, my decision, what happened, then what broke", async () => {
    await openCard(holding, [mine(gated, { state: "observed", status: "paused" })], bare);
    inOrder(told(card()), holding.error_message, "Holding", "Your decision", "What happened", measure.action_id, restart.action_id, "What broke");
  });
});

describe("last time", () => {
  it("counts, names who and the last failure, and gives no percentages", async () => {
    await open("inbox");
    const text = told(card());
    expect(text).toMatch(/5 decisions here before: 3 took effect, 1 failed and 1 stopped/);
    expect(text).toMatch(/Median 48 s/);
    expect(text).toMatch(/Last on \d+ Nov by you: took effect/);
    expect(text).toMatch(/Failed on .* at restart-pgbouncer, exit 1/);
    expect(text.replace(/91 %|40 %/g, "")).not.toMatch(/\d ?%/);
  });

  it("is of the same error only", async () => {
    await openCard(disk);
    expect(told(card())).not.toMatch(/decisions? here before/);
  });

  it("says nothing where the history cannot be read, rather than never", async () => {
    const page = await open(night({ requests: [] }));
    const query = page.fake.query.bind(page.fake);
    vi.spyOn(page.fake, "query").mockImplementation(async (asked) => {
      if (asked.ask === "history") throw { code: "store", message: "disk I/O error" };
      return query(asked);
    });
    await page.arrive(pool);
    await page.press("j");
    expect(told(card())).toContain(pool.error_message);
    expect(told(card())).not.toMatch(/here before|never|Nothing was decided/);
  });
});

describe("for doing it by hand", () => {
  it("each effect is copied as a command, and nothing is sent by copying", async () => {
    const page = await openCard(disk, [], bare);
    const copied = copying();
    await page.click("Copy measure-disk as curl");
    expect(copied()).toBe("curl -X POST https://search.internal/measure");
    expect(page.did).toEqual([]);
  });

  it("a secret stays a name in what is copied and on the card", async () => {
    const page = await open("inbox");
    const copied = copying();
    await page.click("Copy list-pools as curl");
    expect(copied()).toContain('\'Bearer \'"$pgbouncer_admin"');
    expect(told(card())).toMatch(/secret pgbouncer_admin/);
  });

  it("an action that did not run offers no command", async () => {
    await openCard({ ...disk, status: "rejected" }, [], bare);
    expect(within(card()).queryByRole("button", { name: /as curl/ })).toBeNull();
  });
});

describe("in a narrow window", () => {
  const narrow = () => vi.spyOn(window, "matchMedia").mockImplementation((media) => ({ matches: media.includes("max-width"), media, onchange: null, addEventListener: () => undefined, removeEventListener: () => undefined, addListener: () => undefined, removeListener: () => undefined, dispatchEvent: () => false }));

  it("the list comes first, Enter opens the card, the way back is a button and Escape", async () => {
    narrow();
    const page = await open("inbox");
    await page.press("j");
    expect(within(card()).queryByText(/Copy id/)).toBeNull();
    for (const back of [() => page.click("Back to the list"), () => page.press("{Escape}")]) {
      await page.press("{Enter}");
      expect(within(card()).getByRole("heading", { level: 2 })).toBe(document.activeElement);
      await back();
      expect(screen.queryByRole("button", { name: "Back to the list" })).toBeNull();
      screen.getAllByRole("option")[0]?.focus();
    }
  });
});
