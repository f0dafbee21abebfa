/** What changed under the person's eyes: told against what they have read, however it came about, and closed until it is read. */
import { screen } from "@testing-library/svelte";
import { describe, expect, it, vi } from "vitest";
import { at, ME } from "../src/backend/fake/make";
import type { Approval } from "../src/bindings/Approval";
import { digest } from "../src/digest/digest";
import { REDACTED } from "../src/effect/lines";
import { offers, openCard, type Page, pass, told } from "./page";
import { disk, measure, trim } from "./requests";

const APPROVE = `Approve all as ${ME} on search-prod`;
const TOKEN = "hunter2";

/** The request as of a revision: where its first action goes, with a secret in it that is the same in all of them. */
function version(revision: number, path: string): Approval {
  const first = { ...measure, effect: { kind: "http" as const, method: "POST", url: `https://search.internal/${path}`, headers: { authorization: TOKEN }, body: null } };
  const whole = { ...disk, revision, actions: [first, trim] };
  return { ...whole, digest: digest(whole) };
}

const one = version(1, "one");
const two = version(2, "two");
const three = version(3, "three");

/** What the engine keeps of it: without the secret, with the digest of the whole. */
function kept(request: Approval): Approval {
  return JSON.parse(JSON.stringify(request).replaceAll(TOKEN, REDACTED)) as Approval;
}

/** The gateway is lost: the request is answered from the copy that was kept. What is returned brings it back. */
async function lose(page: Page, request: Approval): Promise<() => Promise<void>> {
  const query = page.fake.query.bind(page.fake);
  const lost = vi.spyOn(page.fake, "query").mockImplementation(async (ask) => {
    return ask.ask === "show" ? { answer: "approval", value: { value: kept(request), as_of: at(0), source: { from: "cache", why: "No route to host." } } } : query(ask);
  });
  const stale = () => page.push((view) => ({ gateways: view.gateways.map((gateway) => ({ ...gateway, connection: { state: "stale" as const, since: at(0), why: "lost" as const } })) }));
  await stale();
  return async () => {
    await stale();
    lost.mockRestore();
    await page.push(() => ({}));
  };
}

const notice = () => screen.queryByRole("alert");

/** The notice stands, tells this from that, and approval is closed. */
function expectTold(was: string, now: string): void {
  expect(told(notice())).toContain(`search.internal/${was}`);
  expect(told(notice())).toContain(`search.internal/${now}`);
  expect(offers()).toMatchObject({ [APPROVE]: "closed" });
}

describe("rule_3 a change is told against what was read", () => {
  it("although a kept copy stood there while the gateway was lost", async () => {
    const page = await openCard(one, [], { bare: true });
    const back = await lose(page, one);
    page.fake.arrive(two);
    await back();
    expectTold("one", "two");
    expect(told(notice())).not.toMatch(/redacted/);
    await page.click("I have read it");
    expect(notice()).toBeNull();
    expect(offers()).toMatchObject({ [APPROVE]: "open" });
  });

  it("although something else that was never acknowledged stood there in between", async () => {
    const page = await openCard(one, [], { bare: true });
    await page.arrive(two);
    expectTold("one", "two");
    await page.arrive(three);
    expectTold("one", "three");
    expect(told(notice())).toMatch(/revision.*1.*3/);
    expect(told(notice())).not.toContain("search.internal/two");
  });

  it("and from then on against what was acknowledged", async () => {
    const page = await openCard(one, [], { bare: true });
    await page.arrive(two);
    await page.click("I have read it");
    await page.arrive(three);
    expectTold("two", "three");
    expect(told(notice())).not.toContain("search.internal/one");
  });

  it("and stays told while the gateway is lost before it was acknowledged", async () => {
    const page = await openCard(one, [], { bare: true });
    await page.arrive(two);
    const back = await lose(page, two);
    expectTold("one", "two");
    await back();
    expectTold("one", "two");
  });

  it("so a kept copy that was acknowledged is compared again once the gateway is back", async () => {
    const page = await openCard(one, [], { bare: true });
    page.fake.arrive(two);
    const back = await lose(page, two);
    await page.click("I have read it");
    await back();
    expectTold("one", "two");
  });
});

describe("what did not change", () => {
  it("a connection that was lost and came back is no change: the same request stays open to approval", async () => {
    const page = await openCard(one, [], { bare: true });
    const back = await lose(page, one);
    expect(notice()).toBeNull();
    await back();
    expect(notice()).toBeNull();
    expect(offers()).toMatchObject({ [APPROVE]: "open" });
  });

  it("what was changed and changed back before it was acknowledged is what was read", async () => {
    const page = await openCard(one, [], { bare: true });
    await page.arrive(two);
    await page.arrive(one);
    expect(notice()).toBeNull();
    expect(offers()).toMatchObject({ [APPROVE]: "open" });
  });

  it("another request that is opened starts anew", async () => {
    const other = { ...version(1, "other"), request_id: "APR-0000000000AB", error_message: "Another one" };
    const page = await openCard(one, [], { requests: [one, { ...other, digest: digest(other) }], bare: true });
    await page.arrive(two);
    page.fake.open(other.request_id);
    await pass(50);
    expect(notice()).toBeNull();
  });
});

describe("a card opened upon a kept copy", () => {
  it.each([["tells what is different when the gateway answers", two, "closed"], ["has nothing to tell if the gateway holds the same", one, "open"]] as const)("%s", async (_, now, approve) => {
    const other = { ...version(1, "other"), request_id: "APR-0000000000AB", error_message: "Another one" };
    const page = await openCard({ ...other, digest: digest(other) }, [], { bare: true });
    const back = await lose(page, one);
    page.fake.arrive(one);
    page.fake.open(one.request_id);
    await pass(50);
    page.fake.arrive(now);
    await back();
    expect(notice() === null).toBe(approve === "open");
    expect(offers()).toMatchObject({ [APPROVE]: approve });
  });
});
