/**
 * One decision under way in a dialog: the reason, what the engine prepared, and its confirmation. The page decides nothing:
 * it sends what was shown and what was typed, and says what came back.
 */
import type { Answer } from "../bindings/Answer";
import type { Approval } from "../bindings/Approval";
import type { Command } from "../bindings/Command";
import type { DecisionView } from "../bindings/DecisionView";
import type { Point } from "../bindings/Point";
import type { Prepared } from "../bindings/Prepared";
import type { RequestKey } from "../bindings/RequestKey";
import type { Verdict } from "../bindings/Verdict";
import { value } from "../backend/backend";
import { type Explained, explain } from "../errors";

export type Verb = "approve" | "reject" | "stop";
export type Stage = "reason" | "preparing" | "ready" | "confirming" | "refused";

/** What the dialog was opened upon; it does not move with the card behind it. */
export type Subject = { key: RequestKey; approval: Approval; point: Point; shown: string | null; identity: string };

/** How long a prepared approval lies before it can be confirmed: a second press of the key that opened it must not. */
const ARM_MS = 700;
const ARM_HIGH_MS = 1500;

export class Deciding {
  stage: Stage = $state("preparing");
  prepared: Prepared | null = $state.raw(null);
  error: Explained | null = $state.raw(null);
  armed: boolean = $state(false);
  typed: string = $state("");
  reason: string = $state("");
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** The person closed it: nothing may be confirmed any more, whatever answer is still on its way. */
  #closed = false;

  constructor(
    readonly verb: Verb,
    readonly subject: Subject,
    private readonly dispatch: (command: Command) => Promise<Answer>,
    /** Called once the decision is on disk. */
    private readonly recorded: (made: DecisionView | null) => void,
  ) {
    if (verb === "approve") void this.prepare();
    else this.stage = "reason";
  }

  /** How many characters of the target are still missing or wrong; 0 when it fits or none is asked for. */
  get missing(): number {
    const target = this.prepared?.target ?? null;
    if (target === null || this.typed === target) return 0;
    let same = 0;
    while (same < this.typed.length && this.typed[same] === target[same]) same += 1;
    return Math.max(1, target.length - same);
  }

  /** A reason needs three letters or digits (CONTRACT 1c). */
  get reasonFits(): boolean {
    return (this.reason.match(/[\p{L}\p{N}]/gu) ?? []).length >= 3;
  }

  /** The decision itself is being recorded: by now it cannot be called back. */
  get recording(): boolean {
    return this.stage === "confirming";
  }

  get ready(): boolean {
    if (this.stage === "ready") return this.armed && this.missing === 0;
    return this.verb !== "approve" && this.stage === "reason" && this.reasonFits;
  }

  /** The gateway cannot be reached: why, and what becomes of the decision; `null` where it goes out at once. */
  get queued(): string | null {
    return this.prepared?.queued ?? null;
  }

  /** First half: the engine reads the request anew and judges. */
  async prepare(): Promise<boolean> {
    this.stage = "preparing";
    this.error = null;
    try {
      const prepared = value(await this.dispatch({ do: "prepare", ...this.#ask() }), "prepared");
      if (this.#closed) return false;
      this.prepared = prepared;
      this.stage = "ready";
      this.#arm();
      return true;
    } catch (thrown) {
      return this.#refuse(thrown);
    }
  }

  /**
   * Second half. A reject or stop is prepared only now: its reason is part of it. If it turns out that it would have to wait
   * for the gateway, that is said first and takes a press of its own.
   */
  async confirm(): Promise<void> {
    if (!this.ready || this.#closed) return;
    if (this.stage === "reason") {
      if (!(await this.prepare())) return;
      if (this.queued !== null) return;
    }
    const prepared = this.prepared;
    if (prepared === null || this.#closed) return;
    this.stage = "confirming";
    try {
      const made = value(await this.dispatch({ do: "confirm", nonce: prepared.nonce, typed: prepared.target === null ? null : this.typed }), "decision");
      this.recorded(made);
    } catch (thrown) {
      this.#refuse(thrown);
    }
  }

  /** The request is no longer what this was opened upon. What is on its way already stays so. */
  overtake(why: Explained): void {
    if (this.stage !== "reason" && this.stage !== "ready") return;
    clearTimeout(this.#timer);
    this.error = why;
    this.stage = "refused";
  }

  /** Back to the reason, after a refusal or instead of queueing; the draft is kept. */
  again(): void {
    clearTimeout(this.#timer);
    this.error = null;
    this.prepared = null;
    if (this.verb === "approve") void this.prepare();
    else this.stage = "reason";
  }

  /** The dialog is gone. What is being recorded already stays so; anything else ends here. */
  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
  }

  #ask() {
    const { key, approval, point, shown } = this.subject;
    const verdict: Verdict = this.verb === "approve" ? { verdict: "approve" } : { verdict: this.verb, reason: this.reason.trim() };
    return { key, pipeline: approval.pipeline_id, point, verdict, shown, unreachable: this.verb === "reject" ? ("queue" as const) : ("give_up" as const) };
  }

  #arm(): void {
    clearTimeout(this.#timer);
    this.armed = false;
    const delay = this.prepared?.target === null ? ARM_MS : ARM_HIGH_MS;
    this.#timer = setTimeout(() => (this.armed = true), delay);
  }

  #refuse(thrown: unknown): false {
    this.error = explain(thrown);
    this.stage = "refused";
    return false;
  }
}
