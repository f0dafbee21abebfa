/** The page's digest against the vectors that the Rust side is held against: one function, two implementations. */
import { readFileSync, readdirSync } from "node:fs";
import { resolve } from "node:path";
import { describe, expect, it } from "vitest";
import type { Approval } from "../src/bindings/Approval";
import { digest } from "../src/digest/digest";

/** Vitest runs in `ui/`. */
const folder = resolve("../tests/fixtures/digest");

interface Vector {
  approval: Approval;
  digest: string;
}

const vectors = readdirSync(folder)
  .filter((name) => name.endsWith(".json"))
  .map((name) => [name, JSON.parse(readFileSync(resolve(folder, name), "utf8")) as Vector] as const);

/** The engine hands the page whole objects; a vector may leave out what a gateway may leave out. */
function whole(approval: Approval): Approval {
  const absent = { version: 0, requires_approval: false, risk_level: "high" as const, action_metadata: {} };
  return { ...approval, actions: approval.actions.map((action) => ({ ...absent, ...action })) };
}

describe("rule_3 the digest vectors of the repository", () => {
  it("are there", () => {
    expect(vectors.length).toBeGreaterThan(10);
  });

  it.each(vectors)("%s", (_, vector) => {
    expect(digest(whole(vector.approval))).toBe(vector.digest);
  });
});
