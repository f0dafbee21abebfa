/** Connection states in words (rule 9): five honest values, and "live" only where the engine says live. */
import { screen, within } from "@testing-library/svelte";
import { describe, expect, it } from "vitest";
import { at, gateway, NOW_MS } from "../src/backend/fake/make";
import { scene, SCENE_NAMES } from "../src/backend/fake/scenes";
import type { Connection } from "../src/bindings/Connection";
import { clockWords, connectionWords, isLive } from "../src/connection";
import { disk } from "./requests";
import { night, open, told } from "./page";

const since = at(-250);
/** Every value that the binding allows; the compiler keeps it whole. */
const STATES: { [Kind in Connection["state"]]: Extract<Connection, { state: Kind }>[] } = {
  live: [{ state: "live", via: "socket" }, { state: "live", via: "polling" }],
  catching_up: [{ state: "catching_up" }],
  stale: (["never", "unreachable", "lost", "going_away", "closed"] as const).map((why) => ({ state: "stale", since: why === "never" ? null : since, why })),
  sign_in_needed: (["no_session", "expired", "wrong_credentials", "not_allowed"] as const).map((why) => ({ state: "sign_in_needed", why })),
  refused: (["certificate", "portal", "proxy", "protocol"] as const).map((why) => ({ state: "refused", why })),
};
const ALL = Object.values(STATES).flat().map((one) => [JSON.stringify(one), one] as const);
const OTHERS = ALL.filter(([, one]) => one.state !== "live");

describe("rule_9 the words of a connection", () => {
  it("are given for each of the five states", () => {
    expect(Object.keys(STATES)).toHaveLength(5);
    for (const [name, one] of ALL) {
      const words = connectionWords(one, NOW_MS);
      expect(words.short.length, name).toBeGreaterThan(2);
      expect(words.long, name).toMatch(/^[A-Z].*\.$/);
    }
  });

  it("have a shape of their own for each state, so that colour is never alone", () => {
    const shapes = Object.values(STATES).map(([one]) => connectionWords(one as Connection, NOW_MS).shape);
    expect(new Set(shapes).size).toBe(5);
  });

  it("are different for each reason", () => {
    const sentences = ALL.map(([, one]) => connectionWords(one, NOW_MS).long);
    expect(new Set(sentences).size).toBe(sentences.length);
  });

  it("say since when it is stale", () => {
    expect(connectionWords({ state: "stale", since, why: "lost" }, NOW_MS).short).toMatch(/since \d\d:\d\d$/);
  });

  it.each(OTHERS)("%s is not live and not plain", (_, one) => {
    expect(isLive(one)).toBe(false);
    expect(connectionWords(one, NOW_MS).short).not.toMatch(/\blive\b/i);
    expect(connectionWords(one, NOW_MS).tone).not.toBe("plain");
  });
});

describe("f34 this machine's clock", () => {
  it.each([null, 0, 30_000, -30_000])("%s ms off is not worth a word", (offset) => expect(clockWords(offset)).toBeNull());

  it.each([[31_000, /31 s ahead of the gateway's/], [-90_000, /1 min behind the gateway's/], [86_400_000, /24 h ahead of/]])("%s ms off is said, with what it falsifies and what it does not", (offset, says) => {
    expect(clockWords(offset)).toMatch(says);
    expect(clockWords(offset)).toMatch(/times left shown here are off.*expires goes by the gateway's clock/);
  });
});

describe("a refusal", () => {
  it.each([["certificate", /not trusted.*nothing is sent there/i], ["portal", /network wants a sign-in.*nothing of yours was sent/i], ["proxy", /proxy.*407.*HTTPS_PROXY/], ["protocol", /not a gateway/]] as const)("f4 f5 %s: names who refuses and what to do, and can be tried again", async (why, says) => {
    const page = await open(night({ gateways: [gateway({ connection: { state: "refused", why } })] }));
    const inbox = screen.getByRole("region", { name: "Inbox" });
    expect(told(inbox)).toMatch(says);
    await page.user.click(within(inbox).getByRole("button", { name: "Try now" }));
    expect(page.last("connect").gateway).toBe(gateway().id);
  });
});

describe("rule_9 on the page", () => {
  const rail = () => told(screen.getByRole("complementary", { name: "Holdpoint" }));

  it.each(OTHERS)("%s: the rail says it in words, the inbox says why, and nothing is called live", async (_, connection) => {
    await open(night({ gateways: [gateway({ connection })], requests: [disk] }));
    const words = connectionWords(connection, NOW_MS);
    expect(rail()).toContain(words.short);
    expect(told(screen.getByRole("region", { name: "Inbox" }))).toContain(words.long);
    expect(told(document.body)).not.toMatch(/\bLive\b/);
  });

  it.each(OTHERS)("%s: nothing can be approved, and the card says why", async (_, connection) => {
    await open(night({ gateways: [gateway({ connection })], requests: [disk] }));
    const approve = screen.queryByRole("button", { name: /^Approve/ });
    expect(approve === null || approve.getAttribute("aria-disabled") === "true").toBe(true);
    expect(told(screen.getByRole("region", { name: "Request" }))).toMatch(/needs a fresh look|signed in/);
  });

  it("live by polling says so", async () => {
    await open(night({ gateways: [gateway({ connection: { state: "live", via: "polling" } })] }));
    expect(rail()).toMatch(/Live by polling/);
  });

  it("one stale gateway beside a live one is not drowned out by it", async () => {
    const second = gateway({ id: "0192f0c1-0000-7c11-9b1e-000000000002", name: "prod-us", connection: { state: "stale", since, why: "lost" } });
    await open(night({ gateways: [gateway(), second] }));
    expect(rail()).toMatch(/Live/);
    expect(rail()).toMatch(/Stale since/);
    expect(told(screen.getByRole("region", { name: "Inbox" }))).toMatch(/connection broke/i);
  });

  it("a fifth gateway that is stale is not left out of the rail", async () => {
    const many = Array.from({ length: 5 }, (_, n) => gateway({ id: `0192f0c1-0000-7c11-9b1e-00000000000${n}`, name: `prod-${n}`, connection: n === 4 ? { state: "refused", why: "certificate" } : { state: "live", via: "socket" } }));
    await open(night({ gateways: many }));
    expect(rail()).toMatch(/prod-4.*Refused/);
  });

  it.each(SCENE_NAMES.map((name) => [name, scene(name).gateways]))("%s: says Live only if every word of it is true", async (name, gateways) => {
    await open(name);
    const live = gateways.some((one) => one.connection.state === "live");
    expect(/\bLive\b/.test(told(document.body).replace("Live connection", ""))).toBe(live);
  });

  it.each([["stale", "Try now", { state: "stale", since, why: "lost" }], ["sign_in_needed", "Sign in", { state: "sign_in_needed", why: "expired" }]] as const)("%s offers what to do next: %s", async (_, offer, connection) => {
    const page = await open(night({ gateways: [gateway({ connection })] }));
    await page.user.click(within(screen.getByRole("region", { name: "Inbox" })).getByRole("button", { name: offer }));
    if (offer === "Try now") expect(page.last("connect").gateway).toBe(gateway().id);
    else screen.getByRole("region", { name: "Settings" });
  });

  it("a connection that is tried and refused does not fail silently", async () => {
    const page = await open(night({ gateways: [gateway({ connection: { state: "stale", since, why: "lost" } })] }));
    page.refuse("connect", "certificate", "The certificate of hold.example.com is not trusted.");
    await page.user.click(within(screen.getByRole("region", { name: "Inbox" })).getByRole("button", { name: "Try now" }));
    await page.press("{Shift}");
    expect(told(document.body)).toMatch(/certificate of hold.example.com is not trusted/);
  });
});
