/** The one table of refusals: complete against the bindings, and every sentence fit for a person at night. */
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { describe, expect, it } from "vitest";
import type { Code } from "../src/bindings/Code";
import { asRefused, explain } from "../src/errors";

/** The codes as they stand in the binding's file: what the engine can say, read at run time. */
const CODES = [...readFileSync(resolve("src/bindings/Code.ts"), "utf8").matchAll(/"([a-z_]+)"/g)].map(([, code]) => code as Code);

describe("the table of refusals", () => {
  it("is held against a list that was found", () => {
    expect(CODES.length).toBeGreaterThan(20);
    expect(CODES).toContain("already_decided");
  });

  it.each(CODES)("%s: has a title, a sentence and something to do", (code) => {
    const { title, message, remedy } = explain({ code, message: "What only the engine knows." });
    expect(title).toMatch(/^[A-Z].*[^.!]$/);
    expect(message).toMatch(/[.?]$/);
    expect(message).not.toMatch(/holdctl|--\w/);
    expect(["look_again", "sign_in", "retry", "correct", "wait", "none"]).toContain(remedy);
  });

  it("rule_5 an unknown outcome is checked, never tried again or called failed", () => {
    const { title, message, remedy } = explain({ code: "unknown", message: "" });
    expect(remedy).toBe("wait");
    expect(`${title} ${message}`).not.toMatch(/fail|try again/i);
  });

  it("rule_6 who decided is the engine's own sentence", () => {
    expect(explain({ code: "already_decided", message: "Decided by sre-two@example.com." }).message).toBe("Decided by sre-two@example.com.");
  });

  it.each([
    ["an error of the page", new Error("x is not a function")],
    ["a text", "gone"],
    ["nothing", undefined],
    ["a code from another build", { code: "brand_new", message: "?" }],
    ["a code that every object has", { code: "toString", message: "?" }],
    ["a refusal without words", { code: "store" }],
  ])("%s is said to be a fault and never passes for an outcome", (_, thrown) => {
    const { title, message, remedy } = explain(thrown);
    expect(title).toMatch(/^[A-Z]/);
    expect(message).toMatch(/Look at the request again/);
    expect(remedy).toBe("look_again");
    expect(asRefused(thrown).code).toBe("refused");
  });
});
