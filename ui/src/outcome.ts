/**
 * What an action really did (rule 12), judged as `domain::outcome` judges it: any sign of failure wins over `success: true`,
 * and a result that says nothing is unknown. There is deliberately no way from a transport error to an outcome.
 */
import type { ActionResult } from "./bindings/ActionResult";
import type { JsonValue } from "./bindings/JsonValue";

export type Outcome = "succeeded" | "failed" | "skipped" | "unknown";

const FAILED = new Set(["failed", "failure", "error", "timeout", "timed_out", "cancelled", "refused"]);
const SUCCEEDED = new Set(["success", "succeeded", "completed", "ok", "executed"]);
const SKIPPED = new Set(["skipped", "not_run", "rejected"]);
const UNKNOWN = new Set(["unknown", "interrupted", "running", "executing", "started"]);

/** The outcome of one result. */
export function outcome(result: ActionResult): Outcome {
  const inner = field(result, "status");
  const words = [result.status, typeof inner === "string" ? inner : null]
    .filter((word): word is string => word !== null && word !== undefined)
    .map((word) => word.toLowerCase());
  const says = (set: Set<string>) => words.some((word) => set.has(word));
  const status = statusCode(result);
  const exit = exitCode(result);
  if (says(UNKNOWN)) return "unknown";
  if (says(SKIPPED)) return "skipped";
  const badCode = status !== null && status >= 400;
  const badExit = exit !== null && exit !== 0;
  if (result.success === false || badCode || badExit || says(FAILED)) return "failed";
  return result.success === true || says(SUCCEEDED) ? "succeeded" : "unknown";
}

/** HTTP status code, where the result has one. */
export function statusCode(result: ActionResult): number | null {
  return number(result, "status_code");
}

/** Process exit code, where the result has one. */
export function exitCode(result: ActionResult): number | null {
  return number(result, "exit_code");
}

/** `HTTP 404`, `exit 2`, or nothing. */
export function code(result: ActionResult): string | null {
  const status = statusCode(result);
  if (status !== null) return `HTTP ${status}`;
  const exit = exitCode(result);
  return exit === null ? null : `exit ${exit}`;
}

/** Does the gateway claim a success that its own result contradicts? */
export function contradicted(result: ActionResult): boolean {
  return result.success === true && outcome(result) === "failed";
}

/** What came back, as text: the output, or else the result, and the error. */
export function output(result: ActionResult): string | null {
  const parts = [result.error, result.output ?? bare(result.result)].filter((part) => part !== null && part !== undefined);
  const texts = parts.map((part) => (typeof part === "string" ? part : json(part))).filter((text) => text.trim() !== "");
  return texts.length === 0 ? null : texts.join("\n");
}

/** On one line where that can be read, indented otherwise. A line break in JSON is never part of a text. */
function json(value: JsonValue | undefined): string {
  const whole = JSON.stringify(value, null, 1);
  const line = whole.replace(/\n */g, " ");
  return line.length <= 140 ? line : JSON.stringify(value, null, 2);
}

/** The result without what is said elsewhere on the card. */
function bare(value: JsonValue | null | undefined): JsonValue | null {
  if (value === null || value === undefined || typeof value !== "object" || Array.isArray(value)) return value ?? null;
  const rest = Object.entries(value).filter(([name]) => !["status", "status_code", "exit_code"].includes(name));
  const only = rest.length === 1 ? rest[0]?.[1] : undefined;
  if (typeof only === "string") return only;
  return rest.length === 0 ? null : Object.fromEntries(rest);
}

function field(result: ActionResult, name: string): JsonValue | undefined {
  const inner = result.result;
  if (inner === null || typeof inner !== "object" || Array.isArray(inner)) return undefined;
  return inner[name];
}

function number(result: ActionResult, name: string): number | null {
  const value = field(result, name);
  if (typeof value === "number") return value;
  if (typeof value === "string" && /^\s*-?\d+\s*$/.test(value)) return Number(value);
  return null;
}
