/**
 * One row of the inbox in words: shape, title, time, second line. Pure; a row says only what is known, and names who decided
 * (rule 6).
 */
import type { Approval } from "../../bindings/Approval";
import type { DecisionView } from "../../bindings/DecisionView";
import type { Policy } from "../../bindings/Policy";
import type { RequestRow } from "../../bindings/RequestRow";
import { isOpen, leading, mergedResults, standing, steps, tally } from "../../card/standing";
import { isUnsent, waiting as waitingWords } from "../../card/waiting";
import { decidedBy, type Shape, standingWords, type Tone } from "../../card/words";
import { age, clockTime, left } from "../../time";
import { capital, count } from "../../words";

export type Item = { id: string; title: string; shape: Shape; tone: Tone; time: string; meta: string[]; under: string; over: boolean };

export type ItemInput = {
  id: string;
  /** The gateway's name, where there are several. */
  gateway: string | null;
  row: RequestRow | undefined;
  /** Still among the open ones. */
  open: boolean;
  /** As read after it left the open ones. */
  after: Approval | undefined;
  decisions: DecisionView[];
  account: string | null;
  policy: Policy;
  now: number;
};

/** The row. */
export function item(input: ItemInput): Item {
  const { row, after, now } = input;
  const decision = leading(input.decisions);
  const title = row?.error ?? after?.error_message ?? "Reading what it was about";
  const base = { id: input.id, title, under: age(row?.created_at ?? after?.created_at ?? null, now) };
  const inside = row?.pipeline ?? after?.pipeline_id ?? decision?.pipeline ?? "";
  const pipeline = input.gateway === null ? inside : `${input.gateway} / ${inside}`;
  if (decision !== null && isOpen(decision) && decision.state !== "acknowledged") return { ...base, ...waiting(decision, pipeline, input.policy, now) };
  if (!input.open) return { ...base, ...ended(input, decision, pipeline) };
  return { ...base, ...open(row, decision, input.account, pipeline, now) };
}

function waiting(decision: DecisionView, pipeline: string, policy: Policy, now: number): Pick<Item, "shape" | "tone" | "time" | "meta" | "over"> {
  if (isUnsent(decision)) {
    const words = waitingWords(decision, policy, now);
    return { shape: words?.shape ?? "queued", tone: "plain", time: words?.brief ?? "Queued", meta: [pipeline, `${VERDICT[decision.verdict.verdict]} not sent`, ...(words?.extra ? [words.extra] : [])], over: false };
  }
  if (decision.state === "unknown") return { shape: "unknown", tone: "warn", time: "Unknown", meta: [pipeline, "checking"], over: false };
  return { shape: "sent", tone: "plain", time: "Sent", meta: [pipeline, "no answer yet"], over: false };
}

function open(row: RequestRow | undefined, decision: DecisionView | null, account: string | null, pipeline: string, now: number): Pick<Item, "shape" | "tone" | "time" | "meta" | "over"> {
  const until = row?.expires_at ? left(Date.parse(row.expires_at) - now) : "";
  const due = row?.expires_at != null && Date.parse(row.expires_at) <= now;
  if (due) return { shape: "expired", tone: "quiet", time: "Expired", meta: [pipeline, "time ran out"], over: true };
  if (row?.status === "executing") {
    const by = decision !== null && decision.verdict.verdict === "approve" && account !== null ? ["approved by you"] : [];
    return { shape: "run", tone: "plain", time: "Running", meta: [pipeline, ...by], over: false };
  }
  if (row?.status === "paused") return { shape: "held", tone: "plain", time: until, meta: [pipeline, row.waiting === null ? "holding" : `holds at ${row.waiting}`], over: false };
  const risk = row?.risk ?? null;
  const tone: Tone = risk === "high" ? "bad" : risk === "medium" ? "warn" : "quiet";
  const meta = [pipeline, risk === null ? "Risk not told" : `${capital(risk)} risk`];
  if (row?.confidence) meta.push(`match ${row.confidence}`);
  return { shape: risk === null ? "wait" : `risk-${risk}`, tone, time: until, meta, over: false };
}

function ended(input: ItemInput, decision: DecisionView | null, pipeline: string): Pick<Item, "shape" | "tone" | "time" | "meta" | "over" | "under"> {
  const { after, now } = input;
  if (after === undefined) return { shape: "notrun", tone: "quiet", time: "No longer open", meta: [pipeline], over: true, under: "" };
  // Off the list is not over: the view holds the first two hundred, and reading it by id may be ahead of the view.
  if (OPEN.has(after.status)) return { shape: "wait", tone: "quiet", time: "Open", meta: [pipeline, "read by its id"], over: false, under: age(after.created_at, now) };
  const results = mergedResults(after, input.decisions);
  const stands = standing(after, input.decisions, results, now);
  const words = standingWords(stands);
  const by = decidedBy(after, input.account);
  const counts = tally(steps(after, stands, results));
  const what = counts.failed > 0 ? `${count(counts.failed, "action")} failed` : words.word.toLowerCase();
  const second = decision?.state === "conflict" ? ["yours came second"] : counts.failed > 0 || !SAID.has(stands) ? [what] : [];
  const meta = by === null ? [pipeline, what] : [`${VERB[after.status] ?? "Decided"} by ${by}`, ...second];
  const tone = words.tone === "plain" ? "quiet" : words.tone;
  return { shape: words.shape, tone, time: ENDED[after.status] ?? "Decided", meta, over: true, under: after.decided_at === null ? "" : clockTime(after.decided_at) };
}

const VERDICT = { approve: "Approval", reject: "Reject", stop: "Stop" } as const;
const OPEN = new Set(["pending", "paused", "executing"]);
/** Ends that the row's first words say already. */
const SAID = new Set(["rejected", "stopped", "withdrawn"]);
const VERB: Record<string, string> = { rejected: "Rejected", stopped: "Stopped", withdrawn: "Withdrawn", completed: "Approved", failed: "Approved", interrupted: "Approved" };
const ENDED: Record<string, string> = { expired: "Expired", withdrawn: "Withdrawn" };
