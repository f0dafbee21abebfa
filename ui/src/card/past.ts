/** What the local history says of earlier decisions about the same error: counts, never percentages. Pure. */
import type { Decided } from "../state/card.svelte";
import { code, outcome } from "../outcome";
import { duration, shortTime } from "../time";
import { visible } from "../text";
import { count, list } from "../words";
import type { Shape, Tone } from "./words";

export type Past = { beads: { shape: Shape; tone: Tone; word: string }[]; sentence: string; last: string; failure: string | null };

/** The section's words; `null` if nothing was decided here before. Newest first comes in; oldest bead first goes out. */
export function past(entries: Decided[], account: string | null, now: number): Past | null {
  const newest = entries[0];
  if (newest === undefined) return null;
  const judged = entries.map((entry) => ({ entry, bead: bead(entry) }));
  const of = (word: string) => judged.filter((one) => one.bead.word === word).length;
  const parts = [`${of("took effect")} took effect`, ...["failed", "rejected", "stopped", "expired", "unknown"].filter((word) => of(word) > 0).map((word) => `${of(word)} ${word}`)];
  const times = judged.filter((one) => one.bead.word === "took effect").map((one) => spent(one.entry));
  const typical = median(times.filter((time) => time > 0));
  const who = newest.identity === account ? "you" : visible(newest.identity);
  const failed = judged.find((one) => one.bead.word === "failed")?.entry;
  return {
    beads: judged.slice(0, 12).map((one) => one.bead).reverse(),
    sentence: `${count(entries.length, "decision")} here before: ${list(parts)}.${typical === null ? "" : ` Median ${duration(typical)}.`}`,
    last: `Last on ${shortTime(newest.at, now)} by ${who}: ${bead(newest).word}.`,
    failure: failed === undefined ? null : `Failed on ${shortTime(failed.at, now)}${reason(failed)}`,
  };
}

function bead(entry: Decided): { shape: Shape; tone: Tone; word: string } {
  if (entry.state === "unknown") return { shape: "unknown", tone: "warn", word: "unknown" };
  if (entry.verdict === "reject" && entry.state === "observed") return { shape: "rejected", tone: "quiet", word: "rejected" };
  if (entry.verdict === "stop" && entry.state === "observed") return { shape: "stopped", tone: "quiet", word: "stopped" };
  if (entry.state === "expired") return { shape: "expired", tone: "quiet", word: "expired" };
  const outcomes = entry.execution_results.map(outcome);
  if (outcomes.includes("failed") || entry.status === "failed") return { shape: "fail", tone: "bad", word: "failed" };
  if (outcomes.length > 0 && outcomes.every((one) => one === "succeeded")) return { shape: "ok", tone: "good", word: "took effect" };
  return { shape: "notrun", tone: "quiet", word: "without a known effect" };
}

function reason(entry: Decided): string {
  const failed = entry.execution_results.find((result) => outcome(result) === "failed");
  if (failed === undefined) return ".";
  const told = code(failed);
  return ` at ${visible(failed.action_id)}${told === null ? "" : `, ${told}`}.`;
}

function spent(entry: Decided): number {
  return entry.execution_results.reduce((sum, result) => sum + (result.execution_time ?? 0), 0);
}

function median(values: number[]): number | null {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) / 2)] ?? null;
}
