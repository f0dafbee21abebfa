/** The inbox: its order, what happens to it under a person's hand, and what a row says. */
import { screen, within } from "@testing-library/svelte";
import { describe, expect, it, vi } from "vitest";
import { at, gateway, ME } from "../src/backend/fake/make";
import type { Approval } from "../src/bindings/Approval";
import { later, night, open, openCard, type Page, told } from "./page";
import { COLLEAGUE, disk, executing, gated, holding, measure, mine, over, trim } from "./requests";

const list = () => screen.getByRole("region", { name: "Inbox" });
const rows = () => within(list()).queryAllByRole("option").map(told);
const order = () => rows().map((row) => row.slice(0, row.indexOf("#") + 2));

/** A request with a short title and its own end. */
const request = (name: string, expiresS: number | null, rest: Partial<Approval> = {}): Approval => ({ ...disk, request_id: `APR-${name}`, error_message: `Disk #${name}`, expires_at: expiresS === null ? null : at(expiresS), ...rest });
const three = [request("B", 600), request("A", 300), request("C", 900)];
const sooner = request("N", 100);

/** The pointer rests on the second row. */
async function resting(page: Page): Promise<void> {
  await page.user.hover(within(list()).getAllByRole("option")[1] as HTMLElement);
}

describe("the order", () => {
  it("is soonest to expire first; what never expires comes last", async () => {
    await open(night({ requests: [request("D", null), ...three] }));
    expect(order()).toEqual(["Disk #A", "Disk #B", "Disk #C", "Disk #D"]);
  });

  it("does not change while the pointer is on the list: newcomers collect in one line", async () => {
    const page = await open(night({ requests: three }));
    await resting(page);
    await page.arrive(sooner);
    await page.arrive(request("M", 200));
    expect(order()).toEqual(["Disk #A", "Disk #B", "Disk #C"]);
    expect(told(list())).toMatch(/2 new/);
  });

  it.each([["by its button", (page: Page) => page.click(/^Show/)], ["by n", (page: Page) => page.press("n")]])("shows the newcomers in their places when they are asked for %s", async (_, ask) => {
    const page = await open(night({ requests: three }));
    await resting(page);
    await page.arrive(sooner);
    await ask(page);
    expect(order()).toEqual(["Disk #N", "Disk #A", "Disk #B", "Disk #C"]);
    expect(told(list())).not.toMatch(/\d new/);
  });

  it("does not change while a card is open, and the card stays the same", async () => {
    const page = await open(night({ requests: three }));
    await page.arrive(sooner);
    expect(order()).toEqual(["Disk #A", "Disk #B", "Disk #C"]);
    expect(told(screen.getByRole("region", { name: "Request" }))).toContain("Disk #A");
  });

  it("a request that got more time keeps its row where it is", async () => {
    const page = await open(night({ requests: three }));
    await resting(page);
    await page.arrive(request("A", 5000));
    expect(order()).toEqual(["Disk #A", "Disk #B", "Disk #C"]);
  });

  it("the row under the pointer stays under it when the one above is decided elsewhere", async () => {
    const page = await open(night({ requests: three }));
    await resting(page);
    await page.arrive(over(three[1] as Approval, "rejected", { decided_by: COLLEAGUE }));
    expect(order()).toEqual(["Disk #A", "Disk #B", "Disk #C"]);
    expect(rows()[0]).toContain(`Rejected by ${COLLEAGUE}`);
    expect(rows()[1]).not.toContain(COLLEAGUE);
  });

  it("the first requests of an empty inbox are shown at once", async () => {
    const page = await open(night({ requests: [] }));
    await page.arrive(sooner);
    expect(order()).toEqual(["Disk #N"]);
    expect(told(list())).not.toMatch(/\d new/);
  });
});

describe("a request that was decided elsewhere", () => {
  it("stays in its row, names who decided and offers nothing", async () => {
    const page = await open(night({ requests: three }));
    await page.arrive(over(three[0] as Approval, "completed", { decided_by: COLLEAGUE }));
    expect(rows()[1]).toMatch(new RegExp(`Disk #B.*Decided.*Approved by ${COLLEAGUE}`));
  });

  it("leaves the list only when it is tidied by hand", async () => {
    const page = await open(night({ requests: three }));
    await page.arrive(over(three[0] as Approval, "rejected", { decided_by: COLLEAGUE }));
    await later(60_000);
    expect(rows()).toHaveLength(3);
    await page.click(/^Clear 1/);
    expect(rows().join()).not.toContain("Disk #B");
  });

  it("tidying takes away what its button counts, and nothing that the gateway still lists", async () => {
    const page = await open(night({ requests: three }));
    await page.arrive(over(three[0] as Approval, "rejected", { decided_by: COLLEAGUE }));
    await later(400_000);
    expect(rows()[0]).toMatch(/Expired/);
    await page.click(/^Clear 1/);
    expect(order()).toEqual(["Disk #A", "Disk #C"]);
  });

  it("is not called resolved when nothing more is known of it", async () => {
    const page = await open(night({ requests: three }));
    vi.spyOn(page.fake, "query").mockResolvedValue({ answer: "approval", value: null });
    await page.push((view) => ({ requests: view.requests.slice(1), open: 2 }));
    const gone = rows().find((row) => row.includes("Disk #B"));
    expect(gone).toMatch(/No longer open/);
    expect(gone).not.toMatch(/approved|rejected|decided|took effect/i);
  });

  it("is not called decided when it is off the list but reads as open", async () => {
    const page = await open(night({ requests: three }));
    await page.push((view) => ({ requests: view.requests.slice(1), open: 3 }));
    const off = rows().find((row) => row.includes("Disk #B"));
    expect(off).toMatch(/Open/);
    expect(off).not.toMatch(/decided/i);
  });
});

describe("what a row says", () => {
  it("risk, confidence, age and the time that is left", async () => {
    await openCard(disk);
    expect(rows()[0]).toMatch(/Disk 91 % on search-data-2.*1[45]:\d\d.*search-prod.*Medium risk.*match high.*3 min/);
  });

  it.each([
    ["holding", holding, [], /holds at restart-search/],
    ["running", executing, [], /Running/],
    ["expired", { ...disk, expires_at: at(-5) }, [], /Expired/],
  ] as const)("%s", async (_, of, decisions, says) => {
    await openCard(of, [...decisions]);
    expect(rows()[0]).toMatch(says);
  });

  it.each([
    ["queued", /Queued.*not sent/],
    ["held", /Held.*not sent/],
    ["sent", /Sent.*no answer yet/],
    ["unknown", /Unknown.*checking/],
  ] as const)("my own decision that is %s, and not that it is approved", async (state, says) => {
    await openCard(disk, [mine(disk, { state })]);
    expect(rows()[0]).toMatch(says);
    expect(rows()[0]).not.toMatch(/Approved|approved/);
  });

  it("an unknown outcome stays in the list after the request is over, and does not age out", async () => {
    const page = await open(night({ requests: [over(gated, "completed")], decisions: [mine(gated, { state: "unknown" })] }));
    await later(3_600_000);
    expect(rows()[0]).toMatch(/Unknown.*checking/);
    expect(page.did).toEqual([]);
  });

  it("a failure that the gateway calls a success is a failed row", async () => {
    const done = over(disk, "completed");
    const results = [{ action_id: measure.action_id, success: true, status: "success", output: null, result: { status_code: 500 }, error: null, execution_time: 1 }];
    await openCard(done, [mine(done, { state: "observed", results })]);
    expect(rows()[0]).toMatch(/1 action failed/);
    expect(rows()[0]).not.toMatch(/took effect/);
  });

  it("time goes on in the row and it expires by itself", async () => {
    await openCard({ ...disk, expires_at: at(65) });
    expect(rows()[0]).toMatch(/1:0\d/);
    await later(66_000);
    expect(rows()[0]).toMatch(/Expired/);
  });
});

describe("when there is nothing", () => {
  it("live and empty says that nothing is held", async () => {
    await open("empty");
    expect(told(list())).toMatch(/Nothing is held/);
  });

  it.each(["signin", "untrusted"])("%s: does not say that nothing is held", async (scene) => {
    await open(scene);
    expect(told(document.body)).not.toMatch(/nothing is held|all quiet/i);
  });

  it("stale and empty does not claim quiet", async () => {
    await open(night({ gateways: [gateway({ connection: { state: "stale", since: at(-60), why: "lost" } })], requests: [] }));
    expect(told(document.body)).not.toMatch(/nothing is held|all quiet/i);
  });
});

it("reads what became of a request by its id, through the pipeline it was seen in", async () => {
  const page = await open(night({ requests: three }));
  await page.arrive({ ...over(three[2] as Approval, "completed"), execution_state: { [measure.action_id]: { requires_approval: false, approved: true, executed: true, success: true, approved_by: ME, approved_at: at(0) }, [trim.action_id]: { requires_approval: false, approved: true, executed: true, success: true, approved_by: ME, approved_at: at(0) } } });
  expect(rows()[2]).toMatch(/Approved by you.*not proved/);
});
