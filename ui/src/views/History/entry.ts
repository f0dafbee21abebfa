/** One line of the past in words. Pure; a decision's outcome is judged from its results, not from its claim (rule 12). */
import type { HistoryEntry } from "../../bindings/HistoryEntry";
import { type Shape, type Tone } from "../../card/words";
import { code, outcome } from "../../outcome";
import { clockTime, duration } from "../../time";

export type Line = { id: string; shape: Shape; tone: Tone; title: string; meta: string[]; time: string; under: string };

export type Decided = Extract<HistoryEntry, { kind: "decision" }>;

export function entryId(entry: HistoryEntry): string {
  return entry.kind === "decision" ? entry.decision : `event-${entry.row}`;
}

export function line(entry: HistoryEntry, accounts: (string | null)[]): Line {
  const base = { id: entryId(entry), time: clockTime(entry.at) };
  if (entry.kind === "event") return { ...base, shape: "wait", tone: "quiet", title: entry.title, meta: [entry.pipeline_id ?? "no pipeline named"], under: "" };
  const by = accounts.includes(entry.identity) ? "you" : entry.identity;
  const end = ending(entry);
  const spent = entry.execution_results.reduce((sum, result) => sum + (result.execution_time ?? 0), 0);
  // What the gateway never acknowledged is called by its noun: nothing was approved (rule 7).
  const [done, noun] = VERBS[entry.verdict] ?? [entry.verdict, entry.verdict];
  const lead = taken(entry) ? `${done} by ${by}` : by === "you" ? `Your ${noun.toLowerCase()}` : `${noun} by ${by}`;
  return { ...base, shape: end.shape, tone: end.tone, title: entry.error_message, meta: [lead, end.word], under: spent > 0 ? duration(spent) : "" };
}

const VERBS: Record<string, [string, string]> = { approve: ["Approved", "Approval"], reject: ["Rejected", "Rejection"], stop: ["Stopped", "Stop"] };

/** Did the gateway take this decision? */
export function taken(entry: Decided): boolean {
  return entry.state === "acknowledged" || entry.state === "observed";
}

/** How a decision ended, as far as it is known. */
export function ending(entry: Decided): { shape: Shape; tone: Tone; word: string } {
  switch (entry.state) {
    case "unknown":
      return { shape: "unknown", tone: "warn", word: "outcome unknown, checking" };
    case "conflict":
      return { shape: "declined", tone: "quiet", word: "someone else decided first" };
    case "changed":
      return { shape: "declined", tone: "quiet", word: "the request had changed" };
    case "expired":
      return { shape: "expired", tone: "quiet", word: "too late, nothing ran" };
    case "refused":
      // Who said no is in the sentence that was kept with it: the gateway, or a person here who took it back.
      return { shape: "declined", tone: "quiet", word: "not carried out" };
    case "not_taken":
      return { shape: "declined", tone: "warn", word: "not taken" };
    case "held":
      return { shape: "held", tone: "quiet", word: "held, not sent" };
    case "queued":
      return { shape: "queued", tone: "quiet", word: "waits, not sent" };
    case "sent":
      return { shape: "sent", tone: "quiet", word: "no answer yet" };
    default:
      return carriedOut(entry);
  }
}

function carriedOut(entry: Decided): { shape: Shape; tone: Tone; word: string } {
  if (entry.verdict === "reject") return { shape: "rejected", tone: "quiet", word: entry.reason ?? "no reason kept" };
  if (entry.verdict === "stop") return { shape: "stopped", tone: "quiet", word: entry.reason ?? "no reason kept" };
  const failed = entry.execution_results.find((result) => outcome(result) === "failed");
  if (failed !== undefined || entry.status === "failed") {
    const told = failed === undefined ? null : code(failed);
    return { shape: "fail", tone: "bad", word: `failed${failed === undefined ? "" : ` at ${failed.action_id}`}${told === null ? "" : `, ${told}`}` };
  }
  const all = entry.execution_results.map(outcome);
  if (all.length > 0 && all.every((one) => one === "succeeded")) return { shape: "ok", tone: "good", word: "took effect" };
  return { shape: "approved", tone: "quiet", word: entry.state === "acknowledged" ? "running" : "effect not proved" };
}
