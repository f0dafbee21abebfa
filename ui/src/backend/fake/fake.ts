/**
 * A scripted engine without Rust: shows every state of the page and carries a decision from confirmation to its end, action
 * by action. Deterministic: its times come from `NOW_MS`, its delays from the given scheduler. It judges just enough to be
 * believable; the rules themselves are the engine's.
 */
import type { Answer } from "../../bindings/Answer";
import type { Asked } from "../../bindings/Asked";
import type { Approval } from "../../bindings/Approval";
import type { DecisionView } from "../../bindings/DecisionView";
import type { GatewayView } from "../../bindings/GatewayView";
import type { Policy } from "../../bindings/Policy";
import type { HistoryEntry } from "../../bindings/HistoryEntry";
import type { Prepare } from "../../bindings/Prepare";
import type { Prepared } from "../../bindings/Prepared";
import type { Query } from "../../bindings/Query";
import type { Source } from "../../bindings/Source";
import type { Waits } from "../../bindings/Waits";
import type { WindowView } from "../../bindings/WindowView";
import type { Wish } from "../../bindings/Wish";
import { coverage } from "../../card/coverage";
import { digest } from "../../digest/digest";
import type { Backend } from "../backend";
import { actions, history, mappings, stagingActions, stagingMappings } from "./lists";
import { at, gateway, GATEWAY, LAB, ME, result, row, STAGING } from "./make";
import { pool } from "./requests";
import { refused, sentence, shownThen, withReplicas } from "./said";
import type { Scene } from "./scenes";

export type Later = (delayMs: number, then: () => void) => void;

const OPEN = new Set(["pending", "paused", "executing"]);
const OPEN_ROWS = new Set(["held", "queued", "sent", "acknowledged", "unknown"]);

export class Fake implements Backend {
  /** What was asked of it, for tests. */
  readonly wishes: Wish[] = [];
  /** How many questions were asked of it, for tests. */
  asked = 0;
  #rev = 1;
  #requests: Map<string, Approval>;
  #moves: Approval[];
  #revs = new Map<string, number>();
  #gateways: GatewayView[];
  #decisions: DecisionView[];
  #prepared = new Map<string, { ask: Prepare; prepared: Prepared }>();
  #listeners = new Set<(view: WindowView) => void>();
  #realm: WindowView["realm"];
  #asked: Asked | null;
  #policy: Policy;
  /** The real console, while the rehearsal is shown. */
  #own: { gateways: GatewayView[]; requests: Map<string, Approval> } | null = null;

  constructor(
    private readonly scene: Scene,
    private readonly later: Later = (delayMs, then) => void setTimeout(then, delayMs),
    /** Whether the scene's own moves come by themselves, or by `next`. */
    moves: "timed" | "by hand" = "timed",
    /** The clock that waits are told by, in milliseconds since the epoch. */
    private readonly now: () => number = Date.now,
  ) {
    this.#requests = new Map(scene.requests.map((one) => [one.request_id, one]));
    for (const one of scene.requests) this.#revs.set(one.request_id, 1);
    this.#gateways = scene.gateways;
    this.#decisions = scene.decisions;
    this.#realm = scene.shell?.realm ?? "own";
    this.#asked = scene.shell?.asked ?? null;
    this.#policy = scene.policy ?? { undo_s: 0, fresh_approve_min: 2 };
    scene.late?.forEach((one, n) => this.later(900 + n * 300, () => this.arrive(one)));
    this.#moves = (scene.then ?? []).map(([, one]) => one);
    for (const one of scene.decisions) this.#letGo(one);
    if (moves === "timed") scene.then?.forEach(([delayMs]) => this.later(delayMs, () => this.next()));
  }

  /** A request comes in, or is known anew. */
  arrive(request: Approval): void {
    this.#put(request);
    this.#publish();
  }

  /** The scene's next move: what somebody else does. */
  next(): void {
    const one = this.#moves.shift();
    if (one !== undefined) this.arrive(one);
  }

  /** A notification's Open. */
  open(request: string): void {
    this.#asked = { key: { gateway: this.#home(request), request }, nth: (this.#asked?.nth ?? 0) + 1 };
    this.#publish();
  }

  view(): Promise<WindowView> {
    return Promise.resolve(this.#view());
  }

  onView(listener: (view: WindowView) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async dispatch(command: Wish): Promise<Answer> {
    this.wishes.push(command);
    switch (command.do) {
      case "prepare":
        return { answer: "prepared", value: this.#prepare(command) };
      case "confirm":
        return { answer: "decision", value: this.#confirm(command.nonce, command.typed) };
      case "take_back":
        return { answer: "decision", value: this.#takeBack(command.decision) };
      case "set_policy":
        this.#setPolicy(command);
        return { answer: "done" };
      case "add_gateway":
        return { answer: "gateway", value: this.#add(command.address) };
      case "sign_in":
        return this.#signIn(command.email, command.password);
      case "connect":
        this.#connect(command.gateway);
        return { answer: "done" };
      case "start_here":
      case "rehearse":
        return { answer: "gateway", value: this.#here(command.do) };
      case "end_rehearsal":
        this.#endRehearsal();
        return { answer: "done" };
      default:
        return { answer: "done" };
    }
  }

  async query(query: Query): Promise<Answer> {
    this.asked += 1;
    if (this.scene.silent && query.ask !== "view") return new Promise(() => undefined);
    if (this.scene.failing && query.ask !== "view") throw refused(this.scene.failing, "The file decisions.db cannot be read: disk I/O error. Free some space or check the disk, then try again.");
    const dated = <T>(value: T) => ({ value, as_of: at(this.scene.offline ? -254 : 0), source: this.#source() });
    switch (query.ask) {
      case "show": {
        const found = this.#requests.get(query.key.request);
        return { answer: "approval", value: found ? dated(found) : null };
      }
      case "actions":
        return { answer: "actions", value: dated(this.#listed(query.gateway, actions, stagingActions)) };
      case "mappings":
        return { answer: "mappings", value: dated(this.#listed(query.gateway, mappings, stagingMappings)) };
      case "history":
        return { answer: "history", value: this.#history(query.query, query.limit) };
      case "shown":
        return { answer: "shown", value: this.scene.shown?.[query.decision] ?? shownThen(query.decision) };
      case "receipts":
        return { answer: "receipts", value: this.#receipts() };
      case "pending":
        return { answer: "approvals", value: dated([...this.#requests.values()].filter((one) => OPEN.has(one.status))) };
      case "pipelines":
        return { answer: "pipelines", value: dated([]) };
      case "decision":
        return { answer: "decision", value: this.#decisions.find((one) => one.id === query.decision) ?? null };
      case "view":
        return { answer: "view", value: this.#view() };
      default:
        throw refused("usage", "Only the terminal asks this.");
    }
  }

  /** Each gateway has lists of its own; one that is refused has none. */
  #listed<T>(gateway: string, first: T[], second: T[]): T[] {
    if (gateway === LAB) throw refused("certificate", "The certificate of hold.lab.example.com is not trusted (self-signed). Nothing was sent.");
    return this.scene.bare ? [] : gateway === STAGING ? second : first;
  }

  #home(request: string): string {
    return this.scene.homes?.[request] ?? GATEWAY;
  }

  #view(): WindowView {
    const requests = [...this.#requests.values()].filter((one) => OPEN.has(one.status));
    return {
      realm: this.#realm,
      closing: this.scene.shell?.closing ?? "to_tray",
      notifying: this.scene.shell?.notifying ?? { state: "ready" },
      asked: this.#asked,
      rev: this.#rev,
      gateways: this.#gateways,
      open: requests.length,
      requests: requests.map((one) => row(one, this.#revs.get(one.request_id) ?? 1, this.#home(one.request_id))),
      decisions: this.#decisions,
      last_row: 9120,
      malformed: 0,
      policy: this.#policy,
      banners: this.scene.banners ?? [],
    };
  }

  #publish(): void {
    this.#rev += 1;
    const view = this.#view();
    for (const listener of this.#listeners) listener(view);
  }

  #put(request: Approval): void {
    this.#requests.set(request.request_id, request);
    this.#revs.set(request.request_id, (this.#revs.get(request.request_id) ?? 0) + 1);
  }

  #source(): Source {
    return this.scene.offline ? { from: "cache", why: "No route to host." } : { from: "gateway" };
  }

  #prepare(ask: Prepare): Prepared {
    const request = this.#requests.get(ask.key.request);
    if (this.scene.offline && ask.unreachable === "give_up") throw refused("unreachable", "");
    if (!request) throw refused("not_found", "");
    if (!OPEN.has(request.status)) throw refused("already_decided", `Request ${request.request_id} has already been decided by ${request.decided_by ?? "someone"}: ${request.status}. Nothing was sent.`);
    if (this.scene.ends === "changed" && request.revision === 1) {
      this.arrive(withReplicas(request));
      throw refused("changed", "");
    }
    if (ask.verdict.verdict === "approve" && ask.shown !== digest(request)) throw refused("changed", "");
    const covers = ask.verdict.verdict === "approve" ? coverage(request).covers.map((n) => request.actions[n - 1]) : [];
    const risky = covers.find((one) => one?.risk_level === "high");
    const ids = covers.flatMap((one) => (one ? [one.action_id] : []));
    const nonce = `nonce-${this.#prepared.size + 1}`;
    const prepared: Prepared = {
      nonce,
      decision: `5f0c1e9a-0000-7000-8000-0000000001${String(this.#decisions.length).padStart(2, "0")}`,
      digest: digest(request),
      sentence: sentence(ask, request.pipeline_id, ids),
      covers: ids,
      target: risky ? risky.service || risky.action_id : null,
      queued: this.scene.offline ? "No route to host. Once confirmed it waits here and is sent when the gateway answers again." : null,
    };
    this.#prepared.set(nonce, { ask, prepared });
    return prepared;
  }

  #confirm(nonce: string, typed: string | null): DecisionView {
    const held = this.#prepared.get(nonce);
    if (!held) throw refused("not_prepared", "");
    if (held.prepared.target !== null && typed !== held.prepared.target) throw refused("target_needed", "");
    this.#prepared.delete(nonce);
    const { ask, prepared } = held;
    const pipeline = this.#requests.get(ask.key.request)?.pipeline_id ?? "";
    const made: DecisionView = { id: prepared.decision, key: ask.key, pipeline, point: ask.point, verdict: ask.verdict, identity: ME, digest: prepared.digest, state: "queued", code: null, detail: null, status: "pending", waiting: null, results: [], waits: null };
    const undoMs = this.#policy.undo_s * 1000;
    if (this.scene.offline) return this.#record(made, { what: "gateway", until: this.#in(5000) });
    if (undoMs === 0) {
      this.#leave(made, prepared.covers);
      return this.#record(made, null);
    }
    this.later(undoMs, () => this.#isWaiting(made.id) && this.#leave(made, prepared.covers));
    return this.#record({ ...made, state: "held" }, { what: "undo", until: this.#in(undoMs) });
  }

  #record(made: DecisionView, waits: Waits | null): DecisionView {
    const whole = { ...made, waits };
    this.#decisions = [...this.#decisions, whole];
    this.#publish();
    return whole;
  }

  /** From here on it is on its way: sent, then answered. */
  #leave(made: DecisionView, covers: string[]): void {
    this.#advance(made.id, { state: "queued", waits: null });
    this.later(150, () => this.#advance(made.id, { state: "sent" }));
    this.later(500, () => this.#answered(made, covers));
  }

  /** A decision that the scene begins with held leaves when its time is up. */
  #letGo(one: DecisionView): void {
    const request = this.#requests.get(one.key.request);
    if (one.waits?.what !== "undo" || one.waits.until === null || request === undefined) return;
    const covers = coverage(request).covers.flatMap((n) => request.actions[n - 1]?.action_id ?? []);
    this.later(Date.parse(one.waits.until) - this.now(), () => this.#isWaiting(one.id) && this.#leave(one, covers));
  }

  #isWaiting(id: string): boolean {
    return this.#decisions.some((one) => one.id === id && one.waits !== null);
  }

  #takeBack(id: string): DecisionView {
    const found = this.#decisions.find((one) => one.id === id);
    if (found === undefined) throw refused("not_found", "There is no such decision here any more.");
    if (!OPEN_ROWS.has(found.state)) throw refused("not_taken", "It has ended already; there is nothing to take back.");
    if (found.waits === null) throw refused("executing", "It is on its way and cannot be taken back. What becomes of it is shown here.");
    this.#advance(id, { state: "refused", code: "not_taken", detail: "Taken back before it was sent. Nothing was sent.", waits: null });
    return { ...found, state: "refused", code: "not_taken", waits: null };
  }

  #setPolicy({ undo_s, fresh_approve_min }: Policy): void {
    if (undo_s > 10) throw refused("usage", `The undo window is 0 to 10 seconds, not ${undo_s}. Nothing was changed.`);
    if (fresh_approve_min > 10) throw refused("usage", `A queued approve may wait 0 to 10 minutes, not ${fresh_approve_min}. Nothing was changed.`);
    this.#policy = { undo_s, fresh_approve_min };
    this.#publish();
  }

  #in(ms: number): string {
    return new Date(this.now() + ms).toISOString();
  }

  #answered(made: DecisionView, covers: string[]): void {
    const request = this.#requests.get(made.key.request);
    if (!request) return;
    const ends = this.scene.ends;
    if (ends && ends !== "changed") return this.#advance(made.id, { state: ends, code: ends === "conflict" ? "already_decided" : ends, detail: "The gateway answered HTTP 500 with an empty reason." });
    if (made.verdict.verdict !== "approve") {
      const status = made.verdict.verdict === "reject" ? "rejected" : "stopped";
      this.#put({ ...request, status, decided_by: ME, decided_at: at(2), rejection_reason: made.verdict.reason, pending_approval_actions: [] });
      return this.#advance(made.id, { state: "observed", status });
    }
    this.#put({ ...request, status: "executing", pending_approval_actions: [], decided_by: ME, decided_at: at(2) });
    this.#advance(made.id, { state: "acknowledged", status: "executing" });
    covers.forEach((id, n) => this.later(900 * (n + 1), () => this.#ran(made.id, id)));
    this.later(900 * (covers.length + 1), () => this.#ended(made.id, covers));
  }

  #ran(decision: string, action: string): void {
    const made = this.#decisions.find((one) => one.id === decision);
    const request = made && this.#requests.get(made.key.request);
    if (!made || !request || request.status !== "executing") return;
    const state = { requires_approval: false, approved: true, executed: true, success: true, approved_by: ME, approved_at: at(2) };
    this.#put({ ...request, current_action_index: request.current_action_index + 1, execution_state: { ...request.execution_state, [action]: state } });
    this.#advance(decision, { results: [...made.results, result(action, { output: { ok: true, action } })] });
  }

  #ended(decision: string, covers: string[]): void {
    const made = this.#decisions.find((one) => one.id === decision);
    const request = made && this.#requests.get(made.key.request);
    if (!made || !request || request.status !== "executing") return;
    const next = request.actions[request.actions.findIndex((one) => one.action_id === covers.at(-1)) + 1];
    const status = next ? "paused" : "completed";
    this.#put({ ...request, status, pending_approval_actions: next ? [next.action_id] : [] });
    this.#advance(decision, { state: "observed", status, waiting: next?.action_id ?? null });
  }

  #advance(id: string, change: Partial<DecisionView>): void {
    this.#decisions = this.#decisions.map((one) => (one.id === id ? { ...one, ...change } : one));
    this.#publish();
  }

  #add(address: string): string {
    if (!/^(https?:\/\/)?[\w.:-]+$/.test(address)) throw refused("usage", `“${address}” is not an address. It looks like https://hold.example.com.`);
    if (address.includes("untrusted")) throw refused("certificate", "The certificate of this address is not trusted (self-signed). Nothing was sent; check the address.");
    const origin = address.includes("://") ? address : `https://${address}`;
    this.#gateways = [gateway({ name: new URL(origin).host, origin, account: null, as_of: null, connection: { state: "sign_in_needed", why: "no_session" } })];
    this.#publish();
    return GATEWAY;
  }

  #signIn(email: string, password: string): Answer {
    if (password === "wrong") throw refused("sign_in", "");
    this.#gateways = this.#gateways.map((one) => ({ ...one, account: email }));
    this.#publish();
    return { answer: "signed_in", value: { email, not_kept: null } };
  }

  #connect(which: string): void {
    const state = (connection: GatewayView["connection"]) => {
      this.#gateways = this.#gateways.map((one) => (one.id !== which ? one : { ...one, connection, as_of: connection.state === "live" ? at(0) : one.as_of }));
      this.#publish();
    };
    state({ state: "catching_up" });
    this.later(700, () => state({ state: "live", via: "socket" }));
  }

  #here(how: "start_here" | "rehearse"): string {
    const name = how === "rehearse" ? "Rehearsal" : "This machine";
    if (how === "rehearse") {
      this.#own = { gateways: this.#gateways, requests: this.#requests };
      this.#requests = new Map();
      this.#realm = "rehearsal";
    }
    this.#gateways = [gateway({ name, origin: "http://127.0.0.1:41733", connection: { state: "catching_up" } })];
    this.#publish();
    this.#connect(GATEWAY);
    if (how === "rehearse") this.later(1600, () => this.arrive(pool));
    return GATEWAY;
  }

  #endRehearsal(): void {
    this.#gateways = this.#own?.gateways ?? [];
    this.#requests = this.#own?.requests ?? new Map();
    this.#own = null;
    this.#realm = "own";
    this.#publish();
  }

  #history(query: string, limit: number): HistoryEntry[] {
    if (this.scene.bare) return [];
    const words = query.toLowerCase().split(/[^\p{L}\p{N}]+/u).filter((word) => word !== "");
    return history.filter((entry) => words.every((word) => JSON.stringify(entry).toLowerCase().includes(word))).slice(0, limit);
  }

  #receipts() {
    const count = this.scene.bare ? 0 : 4472;
    return { ok: !this.scene.badReceipt, count, head: "e2f703bb914c", unattested: 0, bad: this.scene.badReceipt ? { seq: 4471, why: "content" as const } : null };
  }
}
