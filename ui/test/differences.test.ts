/** Every hashed field that changed is named in words, with what it was and what it is (rule 3); nothing else is. */
import { screen, within } from "@testing-library/svelte";
import { describe, expect, it } from "vitest";
import { ME } from "../src/backend/fake/make";
import type { Approval } from "../src/bindings/Approval";
import type { Known } from "../src/bindings/Known";
import type { RenderedAction } from "../src/bindings/RenderedAction";
import { digest } from "../src/digest/digest";
import { differences } from "../src/effect/difference";
import { narrow } from "../src/effect/narrow";
import { card, isClosed, offers, openCard, told } from "./page";
import { disk, measure, mine, restart, trim } from "./requests";

type Http = Extract<Known, { kind: "http" }>;
const http: Http = { kind: "http", method: "POST", url: "https://search.internal/measure", headers: { accept: "text/plain", authorization: ["Bearer ", { secret: "search_token" }] }, body: '{"deep":true,"limit":10}' };
const argv: Known = { kind: "argv", argv: ["du", "-s", "/var/index"], cwd: "/var" };
const ssh: Known = { kind: "ssh", host: "h-1.internal", port: "22", user: "ops", host_key: "SHA256:abc", argv: ["df", "-h"] };
const k8s: Known = { kind: "k8s", argv: ["kubectl", "get", "pods"] };

const of = (effect: Known, rest: Partial<RenderedAction> = {}): RenderedAction => ({ ...measure, effect, ...rest });
const request = (actions: RenderedAction[], rest: Partial<Approval> = {}): Approval => {
  const whole = { ...disk, actions, action_ids: actions.map((one) => one.action_id), ...rest };
  return { ...whole, digest: digest(whole) };
};

/** name, before, after, what the field is called, what stood there, what stands there now. */
const FIELDS: [string, Approval, Approval, string, string | null, string | null][] = [
  ["method", request([of(http)]), request([of({ ...http, method: "DELETE" })]), "method", "POST", "DELETE"],
  ["url", request([of(http)]), request([of({ ...http, url: "https://search.internal/purge" })]), "address", http.url as string, "https://search.internal/purge"],
  ["a header", request([of(http)]), request([of({ ...http, headers: { ...http.headers, accept: "*/*" } })]), "header accept", "text/plain", "*/*"],
  ["a header that came", request([of(http)]), request([of({ ...http, headers: { ...http.headers, "x-force": "1" } })]), "header x-force", null, "1"],
  ["a header that went", request([of(http)]), request([of({ ...http, headers: { authorization: http.headers["authorization"] as never } })]), "header accept", "text/plain", null],
  ["a secret's name", request([of(http)]), request([of({ ...http, headers: { ...http.headers, authorization: ["Bearer ", { secret: "root_token" }] } })]), "header authorization", "Bearer {secret search_token}", "Bearer {secret root_token}"],
  ["body", request([of(http)]), request([of({ ...http, body: '{"deep":true,"limit":1000}' })]), "body", '{"deep":true,"limit":10}', '{"deep":true,"limit":1000}'],
  ["a body that went", request([of(http)]), request([of({ ...http, body: null })]), "body", '{"deep":true,"limit":10}', "none"],
  ["program", request([of(argv)]), request([of({ ...argv, argv: ["rm", "-s", "/var/index"] })]), "program", "du", "rm"],
  ["an argument", request([of(argv)]), request([of({ ...argv, argv: ["du", "-s", "/"] })]), "argument 2", "/var/index", "/"],
  ["an argument that came", request([of(argv)]), request([of({ ...argv, argv: ["du", "-s", "-x", "/var/index"] })]), "argument 2", null, "-x"],
  ["an argument that went", request([of(argv)]), request([of({ ...argv, argv: ["du", "/var/index"] })]), "argument 1", "-s", null],
  ["directory", request([of(argv)]), request([of({ ...argv, cwd: "/" })]), "directory", "/var", "/"],
  ["host", request([of(ssh)]), request([of({ ...ssh, host: "h-2.internal" })]), "host", "h-1.internal", "h-2.internal"],
  ["port", request([of(ssh)]), request([of({ ...ssh, port: "2222" })]), "port", "22", "2222"],
  ["user", request([of(ssh)]), request([of({ ...ssh, user: "root" })]), "user", "ops", "root"],
  ["host key", request([of(ssh)]), request([of({ ...ssh, host_key: "SHA256:abd" })]), "host key", "SHA256:abc", "SHA256:abd"],
  ["a kubectl argument", request([of(k8s)]), request([of({ ...k8s, argv: ["kubectl", "delete", "pods"] })]), "argument 1", "get", "delete"],
  ["version", request([of(http)]), request([of(http, { version: 2 })]), "version", "1", "2"],
  ["risk", request([of(http)]), request([of(http, { risk_level: "high" })]), "risk", "low", "high"],
  ["requires_approval", request([of(http)]), request([of(http, { requires_approval: true })]), "needs its own approval", "no", "yes"],
  ["timeout", request([of(http)]), request([of(http, { action_metadata: { timeout: 300 } })]), "time limit", "30 s", "300 s"],
  ["the registry entry of what is not disclosed", request([of({ kind: "undisclosed", entry: { a: "1" } })]), request([of({ kind: "undisclosed", entry: { a: "2" } })]), "registry entry", '{"a":"1"}', '{"a":"2"}'],
  ["mode", request([of(http)]), request([of(http)], { mode: "per_action" }), "how it is decided", "one decision for all", "per action"],
  ["order", request([measure, trim]), request([trim, measure]), "order of the actions", "measure-disk, trim-index", "trim-index, measure-disk"],
  ["revision", request([measure]), request([measure], { revision: 2 }), "revision", "1", "2"],
  ["pipeline", request([measure]), request([measure], { pipeline_id: "search-eu" }), "pipeline", "search-prod", "search-eu"],
];

describe("rule_3 a changed field", () => {
  it.each(FIELDS)("%s: is the one that is named, with both sides", (_, before, after, field, was, now) => {
    expect(before.digest).not.toBe(after.digest);
    expect(differences(before, after).map((one) => [one.field, one.before, one.after])).toEqual([[field, was, now]]);
  });

  it.each(FIELDS)("%s: stands on the card in these words, and approving is closed until it was read", async (_, before, after, field, was, now) => {
    const page = await openCard(before, [], { bare: true });
    await page.arrive(after);
    const notice = screen.getByRole("alert");
    const at = within(notice).getByText((_text, element) => element?.tagName === "DT" && told(element).includes(field));
    const values = told(at.nextElementSibling);
    for (const side of [was ?? "not there", now ?? "gone"]) expect(values).toContain(side);
    expect(isClosed(screen.getByRole("button", { name: /^Approve/ }))).toBe(true);
    await page.click("I have read it");
    expect(isClosed(screen.getByRole("button", { name: /^Approve/ }))).toBe(false);
  });

  it("an action that came is told whole, with the place it takes", () => {
    const found = differences(request([measure]), request([measure, restart]));
    expect(found.map((one) => [one.action, one.field])).toEqual([["restart-search", "a new action"], [null, "order of the actions"]]);
    expect(found[0]).toMatchObject({ before: null });
    for (const part of ["high risk", "needs its own approval", "30 s limit", "version 1", "POST", "https://search.internal/restart"]) expect(found[0]?.after).toContain(part);
  });

  it("an action that went is told whole", () => {
    const [gone] = differences(request([measure, trim]), request([measure]));
    expect(gone).toMatchObject({ action: "trim-index", field: "the action is gone", after: null });
    expect(gone?.before).toContain("https://search.internal/trim");
  });

  it("another form of effect says what it was and what it is", () => {
    const found = differences(request([of(http)]), request([of(argv)]));
    expect(found.find((one) => one.field === "what it is")).toMatchObject({ before: "an HTTP call", after: "a command on the gateway's machine" });
    expect(found.find((one) => one.field === "address")).toMatchObject({ after: null });
    expect(found.find((one) => one.field === "program to argument 2")).toMatchObject({ before: null, after: "du\n-s\n/var/index" });
  });

  it("the same action twice in a request is two, each compared with its own", () => {
    const found = differences(request([measure, measure]), request([measure, { ...measure, version: 2 }]));
    expect(found).toEqual([{ action: "measure-disk (2)", field: "version", before: "1", after: "2" }]);
  });

  it("a secret that became a text which looks like it is not passed over", () => {
    const literal = { ...http, headers: { ...http.headers, authorization: "Bearer {secret search_token}" } };
    const [one] = differences(request([of(http)]), request([of(literal)]));
    expect(one?.field).toBe("header authorization");
    expect(one?.before).not.toBe(one?.after);
  });

  it("what is not hashed is no change", () => {
    const before = request([measure]);
    const after = { ...before, status: "paused", description: "Other prose", confidence: "low" as const, actions: [{ ...measure, definition: "Other prose", rollback: "undo" }] };
    expect(digest(after)).toBe(before.digest);
    expect(differences(before, after)).toEqual([]);
  });

  it("a field with hidden characters is shown with them", async () => {
    const page = await openCard(request([of(http)]), [], { bare: true });
    await page.arrive(request([of({ ...http, url: "https://search.internal/\u202emeasure" })]));
    expect(told(screen.getByRole("alert"))).toContain("⟨U+202E⟩");
  });
});

describe("the part that differs", () => {
  const marked = (spans: { kind: string; text: string }[]) => spans.filter((span) => span.kind === "differs").map((span) => span.text);

  it("is marked word by word, each by itself, also in a body of many lines", () => {
    const before = narrow('{\n "a": 1,\n "b": 20,\n "c": 3\n}', '{\n "a": 1,\n "b": 90,\n "c": 4\n}');
    expect(marked(before.before)).toEqual(["20", "3"]);
    expect(marked(before.after)).toEqual(["90", "4"]);
    expect(before.same).toBe(3);
  });

  it("is not everything between two changes on one line", () => {
    const { before, after } = narrow('{"pool_size":60,"reserve":10,"revert_after_s":3600}', '{"pool_size":600,"reserve":10,"revert_after_s":0}');
    expect([marked(before), marked(after)]).toEqual([["60", "3600"], ["600", "0"]]);
  });

  it("is the characters inside a long word: in a key nobody sees which one it is", () => {
    const { before, after } = narrow("SHA256:vJ2oKq0cM3lZ8m4xTqv0YpWQbq3", "SHA256:vJ2oKq0cM3lZ8m4xTqvOYpWQbq3");
    expect([marked(before), marked(after)]).toEqual([["0"], ["O"]]);
  });

  it("loses and adds nothing, whatever the two are", () => {
    const pairs = [["a b c", "c b a"], ["", "x"], ["x  y", "x y"], ["👍🏽 ok", "👍 ok"], ["один два", "один три"], ["a=1&b=2", "b=2&a=1&c"], ["x".repeat(2000), `${"x".repeat(1999)}y`], [Array.from({ length: 900 }, (_, n) => n).join(" "), Array.from({ length: 900 }, (_, n) => n + 1).join(" ")]] as const;
    for (const [one, two] of pairs) {
      const { before, after } = narrow(one, two);
      expect(before.map((span) => span.text).join("")).toBe(one);
      expect(after.map((span) => span.text).join("")).toBe(two);
      expect(before.filter((span) => span.kind === "same").map((span) => span.text).join("")).toBe(after.filter((span) => span.kind === "same").map((span) => span.text).join(""));
    }
  });

  it("is everything where lines came or went", () => {
    const { after } = narrow("a\nb", "a\nx\ny\nb");
    expect(after).toEqual([{ kind: "differs", text: "x\ny" }]);
  });
});

describe("f26 a decision that met a changed request", () => {
  const before = request([of(http), trim]);
  const after = request([of({ ...http, body: null }), trim], { revision: 2 });
  const late = mine(before, { state: "changed", code: "changed", detail: "HTTP 412." });
  const shown = { [late.id]: before };
  const approve = `Approve all as ${ME} on search-prod`;

  it("is compared with what it was made upon, also when the card was not open then", async () => {
    const page = await openCard(after, [late], { bare: true, shown });
    expect(told(screen.getByRole("alert"))).toMatch(/It changed after you decided.*2 fields differ from what you decided upon\. A confirmation of that is void/);
    expect(told(screen.getByRole("alert"))).toMatch(/body.*was.*"limit":10.*now.*none/);
    expect(offers()).toMatchObject({ [approve]: "closed" });
    await page.click("I have read it");
    expect(offers()).toMatchObject({ [approve]: "open" });
    await page.push((view) => ({ requests: view.requests.map((row) => ({ ...row, rev: row.rev + 1 })) }));
    expect(screen.queryByRole("alert")).toBeNull();
  });

  it("from a kept copy: what was redacted there is not called a change", async () => {
    const kept = { ...before, actions: [of({ ...http, headers: { ...http.headers, accept: "text/[redacted]" } }), trim] };
    await openCard(after, [late], { bare: true, shown: { [late.id]: kept } });
    expect(told(screen.getByRole("alert"))).not.toMatch(/header accept/);
    expect(told(screen.getByRole("alert"))).toMatch(/body/);
  });

  it("a difference that can only be in what was redacted is told by the digests, and closes approving", async () => {
    const secret = request([of({ ...http, headers: { ...http.headers, accept: "text/one" } })]);
    const other = request([of({ ...http, headers: { ...http.headers, accept: "text/two" } })]);
    const kept = { ...secret, actions: [of({ ...http, headers: { ...http.headers, accept: "text/[redacted]" } })] };
    await openCard(other, [mine(secret, { state: "changed" })], { bare: true, shown: { [mine(secret).id]: kept } });
    expect(told(screen.getByRole("alert"))).toMatch(/1 field differs.*digest/);
    expect(Object.values(offers())).toContain("closed");
  });

  it("is said in its own words where what was shown is not kept any more", async () => {
    await openCard(after, [late], { bare: true });
    expect(screen.queryByRole("alert")).toBeNull();
    expect(told(card())).toMatch(/changed before your approval arrived/i);
  });
});

describe("by keyboard", () => {
  it("a leads to what changed instead of nowhere, and Tab to its button", async () => {
    const page = await openCard(request([of(http)]), [], { bare: true });
    await page.arrive(request([of({ ...http, body: null })]));
    await page.press("a");
    expect(document.activeElement).toBe(screen.getByRole("alert"));
    await page.press("{Enter}");
    expect(screen.queryByRole("alert")).not.toBeNull();
    await page.press("a{Tab}{Enter}");
    expect(screen.queryByRole("alert")).toBeNull();
    expect(page.did).toEqual([]);
  });
});
