/** Attacks A1 to A6 as far as a page can meet them: text from a gateway stays text, in every view and on every surface. */
import { screen, within } from "@testing-library/svelte";
import { describe, expect, it, vi } from "vitest";
import { action, approval, decision, gateway, GATEWAY, result } from "../src/backend/fake/make";
import type { Answer } from "../src/bindings/Answer";
import type { JsonValue } from "../src/bindings/JsonValue";
import { copy } from "../src/effect/copy";
import { isHostile } from "../src/text";
import { card, later, night, open, openCard, pass, type Page, told } from "./page";
import { disk } from "./requests";

const bare = { bare: true };
const EVIL = '<img src=x onerror="alert(1)"><script>alert(2)</script><svg onload=alert(3)>[click](javascript:alert(4))<iframe srcdoc="x"></iframe>\u202e\u001b[2K\u200b{@html 1}';
const SHOWN = '<img src=x onerror="alert(1)"><script>alert(2)</script>';

/** Hostile in every text that a gateway gives. */
const steps = [
  action(`step-${EVIL}`, EVIL, { kind: "http", method: EVIL, url: `https://h/${EVIL}`, headers: { [EVIL]: EVIL }, body: EVIL }, { definition: EVIL, rollback: EVIL, risk_level: "high", requires_approval: true, secrets: [EVIL], execution: { [EVIL]: EVIL }, method: EVIL, parameters: { [EVIL]: { type: EVIL, required: true, default: EVIL, validation_regex: EVIL } } }),
  action("argv", EVIL, { kind: "argv", argv: [EVIL, EVIL], cwd: EVIL }),
  action("ssh", EVIL, { kind: "ssh", host: EVIL, port: EVIL, user: EVIL, host_key: EVIL, argv: [EVIL] }),
  action("other", EVIL, { kind: EVIL, [EVIL]: EVIL }),
];
const links: Record<string, JsonValue> = { runbook_url: "javascript:alert(1)", data_url: "data:text/html,<script>alert(1)</script>", file_url: "file:///etc/passwd", [`${EVIL}_url`]: EVIL, dashboard_url: "https://grafana.example.com/d/1" };
const evil = approval(`APR-${EVIL}`, `pipe-${EVIL}`, EVIL, steps, { matched_error: EVIL, description: EVIL, requested_by: EVIL, links, distance: 0.2, confidence: "high" });
const host = gateway({ name: EVIL, origin: `https://${EVIL}`, account: EVIL });

const TAGS = ["img", "script", "iframe", "object", "embed", "base", "form[action]", "meta[http-equiv]", "link[rel]", "image", "use", "foreignObject", "animate"];

/** Nothing in the document was made out of a text. */
function inert(): void {
  for (const tag of TAGS) expect(document.body.querySelectorAll(tag), tag).toHaveLength(0);
  for (const element of document.querySelectorAll("body, body *")) {
    for (const { name, value } of element.attributes) {
      expect(name).not.toMatch(/^on/);
      if (["href", "src", "xlink:href", "action", "formaction", "srcdoc"].includes(name)) expect(value).toMatch(/^#[a-z]+$/);
      if (["title", "aria-label", "placeholder"].includes(name)) expect([...value].filter(isHostile), `${name}="${value}"`).toEqual([]);
    }
  }
}

/** No character on the screen that would reorder, hide or colour what is read. */
function clean(): void {
  expect([...(document.body.textContent ?? "")].filter((one) => isHostile(one) && one !== "\r")).toEqual([]);
}

const evilScene = () => night({ gateways: [host], requests: [evil, disk], decisions: [decision(evil, { state: "refused", detail: EVIL, identity: EVIL })], bare: true });

async function openEvil(): Promise<Page> {
  const page = await open(evilScene());
  page.fake.open(evil.request_id);
  await pass(100);
  return page;
}

describe("a1 markup in a text", () => {
  it("stands on the card as the characters it is made of", async () => {
    await openEvil();
    expect(told(within(card()).getByRole("heading", { level: 2 }))).toContain(SHOWN);
    inert();
    clean();
  });

  it("stays text in the result of an action", async () => {
    const ended = { ...evil, status: "failed", decided_by: EVIL, rejection_reason: EVIL };
    const results = [result(steps[0]?.action_id ?? "", { success: false, status: EVIL, output: { [EVIL]: EVIL }, error: EVIL, result: { response: EVIL, status: EVIL } })];
    await openCard(ended, [decision(evil, { state: "observed", results, verdict: { verdict: "reject", reason: EVIL } })], { ...bare, gateways: [host] });
    expect(told(card())).toContain(SHOWN);
    inert();
    clean();
  });

  it("stays text in the confirmation, the palette and the live region", async () => {
    const page = await openEvil();
    page.refuse("prepare", "already_decided", EVIL);
    await page.press("a");
    await pass(2000);
    inert();
    clean();
    await page.press("{Escape}");
    await page.press("{Control>}k{/Control}");
    inert();
    clean();
    await page.press("{Escape}");
    await page.arrive({ ...evil, request_id: "APR-NEXT" });
    expect(screen.getAllByRole("status").map(told).join()).toContain(SHOWN);
    inert();
    clean();
  });

  it.each(["r", "m", "h", "s"])("stays text in the view of g %s", async (key) => {
    const page = await open(evilScene());
    const as_of = new Date().toISOString();
    const entry = { kind: "decision" as const, at: as_of, changed_at: as_of, decision: EVIL, gateway_id: host.id, request_id: EVIL, pipeline_id: EVIL, action_id: EVIL, verdict: EVIL, reason: EVIL, identity: EVIL, digest: EVIL, state: "observed" as const, status: EVIL, detail: EVIL, error_message: EVIL, execution_results: [] };
    const answers: Record<string, Answer> = {
      actions: { answer: "actions", value: { value: steps.map((one) => [EVIL, one]), as_of, source: { from: "cache", why: EVIL } } },
      mappings: { answer: "mappings", value: { value: [[EVIL, { error: EVIL, actions: [EVIL], description: EVIL }]], as_of, source: { from: "gateway" } } },
      history: { answer: "history", value: [entry, { kind: "event", at: as_of, row: 1, gateway_id: host.id, request_id: EVIL, pipeline_id: EVIL, title: EVIL, event: { [EVIL]: EVIL } }] },
      shown: { answer: "shown", value: evil },
    };
    const query = page.fake.query.bind(page.fake);
    vi.spyOn(page.fake, "query").mockImplementation(async (asked) => answers[asked.ask] ?? query(asked));
    await page.press(`g${key}`);
    await pass(500);
    expect(told(document.body)).toContain(SHOWN);
    inert();
    clean();
  });
});

describe("a2 links", () => {
  it("only plain web addresses can be opened; anything else is named and inert", async () => {
    await openEvil();
    const names = within(card()).getAllByRole("button").map(told).filter((name) => /opens in the browser/.test(name));
    expect(names).toHaveLength(1);
    expect(names[0]).toMatch(/^Dashboard/);
    expect(told(card())).toMatch(/Runbook: not a web address/);
  });

  it("a link leaves by a person's click only, as it was written", async () => {
    const page = await openEvil();
    expect(page.count("open_link")).toBe(0);
    await page.click(/^Dashboard/);
    expect(page.did.filter((one) => one.do === "open_link")).toEqual([{ do: "open_link", url: "https://grafana.example.com/d/1" }]);
  });

  it.each(["javascript:alert(1)", "JaVaScRiPt:alert(1)", " javascript:alert(1)", "java\nscript:alert(1)", "data:text/html,x", "vbscript:x", "file:///etc/passwd", "blob:https://x/1", "ftp://x/y", "//x/y", "/relative", "holdpoint://g/request/1", "http:", "https://"])("%j cannot be opened", async (url) => {
    await openCard({ ...disk, links: { runbook_url: url } }, [], bare);
    expect(within(card()).queryByRole("button", { name: /^Runbook/ })).toBeNull();
    inert();
  });
});

describe("a3 reordering and hidden characters", () => {
  it("are counted on the card, and shown where they stand", async () => {
    await openEvil();
    expect(told(card())).toContain("⟨U+202E⟩");
    const told_ = /([\d,]+) hidden characters/i.exec(told(card()));
    expect(Number(told_?.[1]?.replace(",", ""))).toBeGreaterThan(30);
  });

  it("letters of another script that look like ours are told on the card by their code points", async () => {
    await openCard({ ...disk, actions: disk.actions.map((one, n) => (n === 0 ? { ...one, service: "se\u0430rch" } : one)), digest: null }, [], bare);
    expect(told(card())).toContain("U+0430");
  });

  it("are not spoken of where there are none", async () => {
    await openCard(disk, [], bare);
    expect(told(card())).not.toMatch(/hidden character|U\+/i);
  });

  it("do not act in a command that is copied", () => {
    for (const one of steps) for (const character of copy(one.effect)?.command ?? "") expect(isHostile(character)).toBe(false);
    expect(copy({ kind: "argv", argv: ["echo", "$(id)", "`id`", "a'b", "\u202e"], cwd: null })?.command).toBe(`echo '$(id)' '\`id\`' 'a'\\''b' $'\\U0000202e'`);
  });

  it("an error of many lines stands on one line in the list", async () => {
    const lines = { ...disk, error_message: "first\nsecond\u2028third\tfourth" };
    await openCard(lines, [], bare);
    expect(screen.getByRole("option").textContent).toContain("first⏎second⟨U+2028⟩third fourth");
  });
});

describe("a4 very long text", () => {
  it("is shown whole on the card, and the page stands", async () => {
    const long = `${"no space left on device ".repeat(4000)}END`;
    await openCard({ ...disk, description: long }, [], bare);
    expect(told(card())).toContain("device END");
  });

  it("comes back folded when an action answers with many lines", async () => {
    const many = Array.from({ length: 500 }, (_, n) => `line ${n}`).join("\n");
    await openCard({ ...disk, status: "completed" }, [decision(disk, { state: "observed", results: [result("measure-disk", { output: many })] })], bare);
    const fold = screen.getByText("500 lines came back").closest("details");
    expect(fold?.open).toBe(false);
    expect(told(fold)).toContain("line 499");
  });
});

describe("a5 the page never leads anywhere by itself", () => {
  it("has no link but its own views, in any view", async () => {
    const page = await openEvil();
    for (const key of ["i", "r", "m", "h", "s"]) {
      await page.press(`g${key}`);
      await pass(300);
      for (const link of screen.queryAllByRole("link", { hidden: true })) expect(link.getAttribute("href")).toMatch(/^#[a-z]+$/);
    }
  });

  it("asks the backend for nothing but what a person did", async () => {
    const page = await openEvil();
    await later(3_600_000);
    expect(page.did).toEqual([]);
  });
});

describe("a6 a request that a notification or a link names", () => {
  it("opens its card and decides nothing", async () => {
    const page = await open(night({ requests: [disk, evil] }));
    page.fake.open(evil.request_id);
    await pass(3000);
    expect(told(card())).toContain(SHOWN);
    expect(screen.queryByRole("dialog")).toBeNull();
    expect(page.did).toEqual([]);
  });

  it("that this gateway does not have is said to be gone", async () => {
    const page = await open(night({ requests: [disk] }));
    page.fake.open(`../../${GATEWAY}?approve=1`);
    await pass(100);
    expect(told(card())).toMatch(/Gone at the gateway/);
    expect(page.did).toEqual([]);
  });
});
