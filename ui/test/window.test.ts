/** What the shell knows reaches the page: which console it is, what was asked for from outside, whether it can notify, quitting. */
import { screen } from "@testing-library/svelte";
import { describe, expect, it } from "vitest";
import { gateway } from "../src/backend/fake/make";
import { asked, everyday, lag, latency, pool } from "../src/backend/fake/requests";
import { card, night, offers, open, openCard, pass, told } from "./page";

const heading = (name: string) => screen.queryByRole("heading", { level: 2, name });

describe("a request asked for from outside", () => {
  it("opens its card even if it was asked for before the page was there", async () => {
    await open("notified");
    expect(heading(lag.error_message)).not.toBeNull();
  });

  it("opens its card whatever view is on screen, and the same request a second time too", async () => {
    const page = await open("inbox");
    await page.press("gs");
    page.fake.open(latency.request_id);
    await pass(50);
    expect(heading(latency.error_message)).not.toBeNull();
    await page.press("gh");
    page.fake.open(latency.request_id);
    await pass(50);
    expect(heading(latency.error_message)).not.toBeNull();
  });

  it("opens once: a later view does not take the person back to it", async () => {
    const page = await open("notified");
    page.fake.open(pool.request_id);
    await pass(50);
    await page.press("j");
    const now = told(card());
    await page.push(() => ({}));
    expect(told(card())).toBe(now);
  });

  it("of a gateway that is not known here opens nothing", async () => {
    await open(night({ requests: [pool], shell: { asked: { key: { gateway: "0192f0c1-0000-7c11-9b1e-5d0a6f2c4e99", request: "APR-1" }, nth: 1 } } }));
    expect(heading(pool.error_message)).not.toBeNull();
  });
});

describe("the rehearsal", () => {
  it("is marked by what the shell says, never by a gateway's name", async () => {
    await open(night({ gateways: [gateway({ name: "Rehearsal" })], requests: [pool] }));
    expect(screen.queryByRole("complementary", { name: "Rehearsal" })).toBeNull();
  });

  it("leaves nothing of the real console on screen, and gives it back when it ends", async () => {
    const page = await open("inbox");
    expect(heading(pool.error_message)).not.toBeNull();
    await page.fake.dispatch({ do: "rehearse" });
    await pass(50);
    expect(screen.queryByRole("complementary", { name: "Rehearsal" })).not.toBeNull();
    expect(screen.queryAllByRole("option")).toHaveLength(0);
    await page.click("End rehearsal");
    expect(screen.queryByRole("complementary", { name: "Rehearsal" })).toBeNull();
    expect(screen.queryAllByRole("option")).toHaveLength(everyday.length);
  });

  it("offers no other gateway: neither in Settings nor in the palette", async () => {
    const page = await open("rehearsal");
    await page.press("gs");
    expect(screen.queryByRole("button", { name: "Add a gateway" })).toBeNull();
    expect(told(screen.getByRole("region", { name: "Settings" }))).toMatch(/takes no other\. End it to add a gateway/);
    await page.press("{Control>}k{/Control}");
    await page.press("gateway");
    expect(told(screen.getByRole("dialog"))).not.toMatch(/Add a gateway/);
  });

  it("begun at the doors that were opened again from Settings leaves them", async () => {
    const page = await open("inbox");
    await page.press("gs");
    await page.click("Add a gateway");
    await page.click("Start the rehearsal");
    await pass(3000);
    expect(screen.queryByRole("heading", { name: /Where do the requests come from/ })).toBeNull();
    await page.click("End rehearsal");
    await page.press("gs");
    screen.getByRole("button", { name: "Add a gateway" });
    await page.press("{Control>}k{/Control}");
    await page.press("gateway");
    expect(told(screen.getByRole("dialog"))).toMatch(/Add a gateway/);
  });

  it("offers no sign-in, wherever one would be offered otherwise", async () => {
    const signedOut = { account: null, as_of: null, connection: { state: "sign_in_needed" as const, why: "expired" as const } };
    const page = await open(night({ gateways: [gateway(signedOut)], requests: [pool], failing: "sign_in", shell: { realm: "rehearsal" } }));
    for (const keys of ["gi", "gr", "gm", "gh", "gs"]) {
      await page.press(keys);
      expect(screen.queryByRole("button", { name: "Sign in" })).toBeNull();
      expect(screen.queryByLabelText("Password")).toBeNull();
    }
  });

  it("is marked, and can be ended, while its gateway is still starting", async () => {
    const page = await open(night({ gateways: [], shell: { realm: "rehearsal" } }));
    screen.getByRole("heading", { level: 1, name: "Setting the stage" });
    screen.getByRole("complementary", { name: "Rehearsal" });
    await page.click("End rehearsal");
    expect(page.count("end_rehearsal")).toBe(1);
  });

  it("a view with a lower number is taken as well: another engine counts from its own beginning", async () => {
    const page = await open("inbox");
    await page.push(() => ({ rev: 0, open: 0, requests: [] }));
    expect(told(screen.getByRole("region", { name: "Inbox" }))).not.toMatch(/7 waiting/);
  });
});

describe("what this account may do", () => {
  it("who asked may reject but not approve, and is told why", async () => {
    await openCard(asked);
    expect(Object.values(offers())).toEqual(["open", "closed"]);
    expect(told(card())).toContain("someone else has to approve it");
  });

  it("who may only look can do neither, and is told why", async () => {
    const page = await openCard(pool);
    await page.push((view) => ({ requests: view.requests.map((row) => ({ ...row, rev: row.rev + 1, may: "look" as const })) }));
    expect(Object.values(offers())).toEqual(["closed", "closed"]);
    expect(told(card())).toContain("you@example.com may look at payments-prod but not decide there");
  });
});

describe("the desktop", () => {
  it("says where it cannot notify, in the inbox and in the settings", async () => {
    const page = await open("quiet");
    expect(told(screen.getByRole("region", { name: "Inbox" }))).toContain("No notifications");
    await page.press("gs");
    expect(told(screen.getByRole("region", { name: "Settings" }))).toMatch(/could not be shown.*only minimised/);
  });

  it("quits only when asked twice, and says what is not sent yet", async () => {
    const page = await open("offline");
    await page.press("gs");
    await page.click("Quit Holdpoint");
    expect(page.count("quit")).toBe(0);
    expect(told(screen.getByRole("dialog"))).toContain("1 decision not sent yet");
    await page.click("Quit");
    expect(page.count("quit")).toBe(1);
  });
});

describe("offline", () => {
  it("rule_7 an approve is closed with its reason, a reject can be begun and says what holds", async () => {
    const page = await open("offline");
    expect(Object.values(offers())).toEqual(["open", "closed"]);
    expect(told(card())).toContain("An approval needs a fresh look: this was last read 4 min ago");
    await page.press("r");
    expect(told(screen.getByRole("dialog"))).toContain("The gateway does not answer right now");
    await page.click("Wrong target");
    await page.click(/^Reject as/);
    expect(page.last("prepare").unreachable).toBe("queue");
    expect(told(screen.getByRole("dialog"))).toMatch(/cannot be sent now.*waits here and is sent when the gateway answers again.*can be taken back/);
    expect(page.count("confirm")).toBe(0);
    await pass(1000);
    await page.click(/^Queue reject as you@example\.com on payments-prod$/);
    expect(page.last("confirm").nonce).toBe("nonce-1");
    expect(screen.queryByRole("dialog")).toBeNull();
    expect(told(card())).toMatch(/waits for the gateway.*next try in \d s/);
    expect(told(card())).not.toMatch(/\bRejected\b/);
  });

  it("rule_7 the press that asked cannot also queue it: what becomes of it has to stand there for a moment", async () => {
    const page = await open("offline");
    await page.press("r");
    await page.click("Wrong target");
    const press = screen.getByRole("button", { name: /^Reject as/ });
    await page.user.dblClick(press);
    await page.press("{Enter}");
    expect(page.count("prepare")).toBe(1);
    expect(page.count("confirm")).toBe(0);
  });

  it("the reason can be changed instead of queueing; what was prepared with the old one is void", async () => {
    const page = await open("offline");
    await page.press("r");
    await page.click("Wrong target");
    await page.click(/^Reject as/);
    await page.click("Change the reason");
    await page.click("Not the cause");
    await page.click(/^Reject as/);
    await pass(1000);
    await page.click(/^Queue reject as/);
    expect(page.last("prepare").verdict).toEqual({ verdict: "reject", reason: "Not the cause" });
    expect(page.did.filter((one) => one.do === "confirm")).toEqual([{ do: "confirm", nonce: "nonce-2", typed: null }]);
  });

  it("a request that was not told in this run: a queue is not promised", async () => {
    const page = await open("offline");
    await page.push((view) => ({ requests: view.requests.map((row) => ({ ...row, rev: row.rev + 1, kept: "2026-11-20T01:00:00Z" })) }));
    expect(told(card())).toMatch(/A reject has to wait for the gateway as well/);
    expect(told(card())).not.toMatch(/can be queued/);
  });

  it("a reject that may not wait is refused, and that nothing is queued is said", async () => {
    const page = await open("offline");
    page.refuse("prepare", "unreachable");
    await page.press("r");
    await page.click("Wrong target");
    await page.click(/^Reject as/);
    expect(told(screen.getByRole("dialog"))).toContain("Nothing was sent and nothing is left queued");
    expect(told(screen.getByRole("dialog"))).toContain("Your reason is kept");
    expect(page.count("confirm")).toBe(0);
  });

  it("a reject that is recorded says that it waits on this machine", async () => {
    const page = await open("offline");
    page.fake.open(latency.request_id);
    await pass(50);
    expect(told(card())).toMatch(/recorded here, not sent. It waits on this machine/);
  });
});
