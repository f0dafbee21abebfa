/** The digest that the page computes is the one of CONTRACT 1b. */
import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { latency, pool } from "../src/backend/fake/requests";
import { canonical, digest, short, timeout } from "../src/digest/digest";
import { sha256 } from "../src/digest/sha256";

describe("sha256", () => {
  it.each(["", "abc", "a".repeat(55), "a".repeat(56), "a".repeat(64), "é⟨U+202E⟩\u{1f600}".repeat(300)])("equals the platform's for a text of %#", (text) => {
    expect(sha256(text)).toBe(createHash("sha256").update(text, "utf8").digest("hex"));
  });
});

describe("digest", () => {
  it("sorts members by UTF-16 code units and escapes as RFC 8785 does", () => {
    expect(canonical({ b: 1, a: ["\u20ac", "\n", null, true], A: { z: "x", "": 0 } })).toBe('{"A":{"":0,"z":"x"},"a":["€","\\n",null,true],"b":1}');
  });

  it("rule_3 covers every field that decides what runs, and no other", () => {
    const base = digest(pool);
    const first = pool.actions[0];
    if (first === undefined) throw new Error("the fake has actions");
    const other = [
      { ...pool, request_id: "APR-1" },
      { ...pool, pipeline_id: "other" },
      { ...pool, revision: 2 },
      { ...pool, mode: "request" as const },
      ...[{ version: 8 }, { risk_level: "high" as const }, { requires_approval: true }, { action_metadata: { timeout: 6 } }, { effect: { ...(first.effect as object), method: "POST" } as never }].map((change) => ({ ...pool, actions: [{ ...first, ...change }, ...pool.actions.slice(1)] })),
    ];
    for (const changed of other) expect(digest(changed)).not.toBe(base);
    expect(digest({ ...pool, status: "paused", error_message: "x", description: null, confidence: "low", expires_at: null })).toBe(base);
    expect(new Set(other.map(digest)).size).toBe(other.length);
  });

  it("hashes the canonical form and nothing around it", () => {
    const plain = { v: 1, request_id: "r", pipeline_id: "p", revision: 1, mode: "request", actions: [] };
    const hash = createHash("sha256").update('{"actions":[],"mode":"request","pipeline_id":"p","request_id":"r","revision":1,"v":1}').digest("hex");
    expect(digest({ ...latency, ...plain, mode: "request", actions: [] })).toBe(`sha-256:${hash}`);
  });

  it("rounds a time-out up and falls back to 30 s", () => {
    expect([timeout({ action_metadata: {} }), timeout({ action_metadata: { timeout: 4.2 } }), timeout({ action_metadata: { timeout: "9" } })]).toEqual([30, 5, 30]);
  });

  it("shortens for the eye only", () => {
    expect(short("sha-256:9f2c41ab00")).toBe("9f2c 41ab");
  });
});
