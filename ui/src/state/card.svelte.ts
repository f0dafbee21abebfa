/**
 * The open request: what of it is on screen, how fresh that is, and what changed under the person's eyes. Read anew when its
 * row or one of its decisions changes; a change of what is hashed has to be acknowledged before anything is approved. It is
 * told against what the person has read, whatever stood here in between.
 */
import type { Answer } from "../bindings/Answer";
import type { AppView } from "../bindings/AppView";
import type { Approval } from "../bindings/Approval";
import type { DecisionView } from "../bindings/DecisionView";
import type { HistoryEntry } from "../bindings/HistoryEntry";
import type { May } from "../bindings/May";
import type { Query } from "../bindings/Query";
import type { RequestKey } from "../bindings/RequestKey";
import type { Source } from "../bindings/Source";
import { value } from "../backend/backend";
import { digest } from "../digest/digest";
import { type Difference, differences } from "../effect/difference";
import { type Explained, explain } from "../errors";
import { keyText } from "./key";

export type Decided = Extract<HistoryEntry, { kind: "decision" }>;

/** A reading of the request, and where it is from. */
type Reading = { approval: Approval; source: Source };

export class Card {
  key: RequestKey | null = $state.raw(null);
  approval: Approval | null = $state.raw(null);
  asOf: string | null = $state(null);
  source: Source | null = $state.raw(null);
  error: Explained | null = $state.raw(null);
  missing: boolean = $state(false);
  /** What is different from what was read; empty when nothing is. */
  changed: Difference[] = $state.raw([]);
  /** What that was read for: it stood here, or it was decided upon, maybe elsewhere and earlier. */
  since: "looked" | "decided" = $state("looked");
  decisions: DecisionView[] = $state.raw([]);
  /** What this account may do about it, while it is among the open ones. */
  may: May | null = $state(null);
  /** Known only from an earlier run, as of then; `null` once the gateway has told it in this run. */
  kept: string | null = $state(null);
  /** Earlier decisions here about the same error text, newest first. */
  earlier: Decided[] = $state.raw([]);
  /** What the person has read: what the card was opened upon, then what was acknowledged. */
  #read: Reading | null = null;
  /** Decisions that met a changed request, whose difference was read. */
  readonly #known = new Set<string>();
  #stamp = "";
  #asked = 0;

  constructor(private readonly query: (query: Query) => Promise<Answer>) {}

  /** Opens a request, or closes the card. */
  open(key: RequestKey | null, view: AppView): void {
    if (key !== null && this.key !== null && keyText(key) === keyText(this.key)) return;
    this.key = key;
    this.approval = null;
    this.error = null;
    this.missing = false;
    this.changed = [];
    this.since = "looked";
    this.#read = null;
    this.decisions = [];
    this.may = null;
    this.kept = null;
    this.earlier = [];
    this.#stamp = "";
    if (key !== null) this.follow(view);
  }

  /** A new view: reads the request anew if something about it changed. */
  follow(view: AppView): void {
    const key = this.key;
    if (key === null) return;
    const id = keyText(key);
    this.decisions = view.decisions.filter((one) => keyText(one.key) === id);
    const row = view.requests.find((one) => keyText(one.key) === id);
    this.may = row?.may ?? null;
    this.kept = row?.kept ?? null;
    const gateway = view.gateways.find((one) => one.id === key.gateway);
    const decisions = this.decisions.map((one) => `${one.id}${one.state}${one.results.length}`);
    const stamp = [row?.rev ?? "-", gateway?.connection.state, gateway?.account, ...decisions].join("|");
    if (stamp === this.#stamp) return;
    this.#stamp = stamp;
    void this.look();
  }

  /** Reads the request now. */
  async look(): Promise<void> {
    const key = this.key;
    if (key === null) return;
    const mine = ++this.#asked;
    try {
      const found = value(await this.query({ ask: "show", key, pipeline: this.approval?.pipeline_id ?? null }), "approval");
      const met = found === null ? null : this.#metAnother({ approval: found.value, source: found.source });
      const upon = met === null ? null : await this.#decidedUpon(met);
      if (mine !== this.#asked || this.key !== key) return;
      this.error = null;
      this.missing = found === null;
      if (upon !== null) [this.#read, this.since] = [upon, "decided"];
      if (found !== null) this.#take(found.value, found.as_of, found.source);
    } catch (thrown) {
      if (mine === this.#asked && this.key === key) this.error = explain(thrown);
    }
  }

  /** The person has read what changed. A kept copy is not whole: the gateway's own is compared with what was read before it. */
  acknowledge(): void {
    if (this.approval !== null && this.source?.from === "gateway") {
      this.#read = { approval: this.approval, source: this.source };
      for (const one of this.decisions) if (one.state === "changed") this.#known.add(one.id);
    }
    this.changed = [];
    this.since = "looked";
  }

  /** The digest of what is on screen: computed here, except for a cached copy, whose secrets have holes. */
  get shownDigest(): string | null {
    return this.approval === null || this.source === null ? null : digestOf({ approval: this.approval, source: this.source });
  }

  #take(next: Approval, asOf: string, source: Source): void {
    const before = this.approval;
    const now = { approval: next, source };
    const same = this.#read === null || digestOf(this.#read) === digestOf(now);
    // Opened upon a kept copy: once the gateway's own is here and is the same, it stands for it, without the holes.
    if (this.#read === null || (same && source.from === "gateway")) this.#read = now;
    this.changed = same ? [] : told(this.#read, now);
    this.approval = next;
    this.asOf = asOf;
    this.source = source;
    if (before === null) void this.#recall(next);
  }

  /**
   * The last decision, if it met another request than the one it was made upon and the card was opened since: what was
   * decided upon is then what the person has read.
   */
  #metAnother(now: Reading): string | null {
    const last = this.decisions.at(-1);
    if (last?.state !== "changed" || this.#known.has(last.id) || last.digest === digestOf(now)) return null;
    return this.#read === null || digestOf(this.#read) === digestOf(now) ? last.id : null;
  }

  /** What was shown for a decision, as it is kept on this machine. */
  async #decidedUpon(decision: string): Promise<Reading | null> {
    try {
      const shown = value(await this.query({ ask: "shown", decision }), "shown");
      return shown === null ? null : { approval: shown, source: { from: "cache", why: "" } };
    } catch {
      // Not readable: the decision's own words say that it changed, and a fresh confirmation is needed anyway.
      return null;
    }
  }

  async #recall(approval: Approval): Promise<void> {
    try {
      const found = value(await this.query({ ask: "history", query: approval.error_message, limit: 50 }), "history");
      if (this.approval?.request_id !== approval.request_id) return;
      this.earlier = found.filter((entry): entry is Decided => entry.kind === "decision" && entry.error_message === approval.error_message && entry.request_id !== approval.request_id);
    } catch {
      // The history cannot be read: the card says nothing of the past rather than "never".
      this.earlier = [];
    }
  }
}

/** The digest of a reading; a kept copy has holes where secrets stood, so the engine gives that of the whole. */
function digestOf({ approval, source }: Reading): string | null {
  return source.from === "cache" ? approval.digest : digest(approval);
}

/** What differs; never empty, since an empty list would open the approval. */
function told(before: Reading, after: Reading): Difference[] {
  const [one, two] = [before.source.from === "cache", after.source.from === "cache"];
  const found = differences(before.approval, after.approval, one === two ? "none" : one ? "before" : "after");
  return found.length > 0 ? found : [{ action: null, field: "digest", before: digestOf(before), after: digestOf(after) }];
}
