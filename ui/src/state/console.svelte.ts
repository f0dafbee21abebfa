/**
 * The page's state as a whole: the engine's last view, where the person is, the open card and the decision under way. Built
 * once, in `root.ts`. Holds no truth of its own: selection, open dialogs, drafts.
 */
import { SvelteSet } from "svelte/reactivity";
import type { Backend } from "../backend/backend";
import { value } from "../backend/backend";
import type { DecisionView } from "../bindings/DecisionView";
import type { GatewayView } from "../bindings/GatewayView";
import type { Point } from "../bindings/Point";
import type { RequestKey } from "../bindings/RequestKey";
import type { WindowView } from "../bindings/WindowView";
import { announcement, movedOn } from "../card/announce";
import { coverage } from "../card/coverage";
import { isUnsent, waitingSaid } from "../card/waiting";
import { oneLine, visible } from "../text";
import { type Explained, explain } from "../errors";
import { Card } from "./card.svelte";
import type { Clock } from "./clock.svelte";
import { Deciding, type Verb } from "./deciding.svelte";
import { Inbox } from "./inbox.svelte";
import { keyText } from "./key";
import { Nav } from "./nav.svelte";
import type { Preferences } from "./preferences.svelte";
import { TakingBack } from "./takeback.svelte";
import { Viewport } from "./viewport.svelte";

const NOTHING: WindowView = { realm: "own", closing: "to_tray", notifying: { state: "ready" }, asked: null, rev: 0, gateways: [], open: 0, requests: [], decisions: [], last_row: 0, malformed: 0, policy: { undo_s: 0, fresh_approve_min: 2 }, banners: [] };

export class Console {
  readonly nav = new Nav();
  readonly viewport = new Viewport();
  readonly inbox: Inbox;
  readonly card: Card;
  readonly takingBack: TakingBack;
  view: WindowView = $state.raw(NOTHING);
  /** The first view has come, or why it has not. */
  started: "starting" | "ready" | Explained = $state.raw("starting");
  deciding: Deciding | null = $state.raw(null);
  /** The row the movement keys are at. */
  cursor: string | null = $state(null);
  /** Reasons of dialogs that were closed, by request and verb: closing a dialog loses nothing that was written. */
  #drafts = new Map<string, string>();
  /** Banners that were put away in this run; Settings has them all. */
  readonly hidden = new SvelteSet<string>();
  /** For the live region. */
  said: string = $state("");
  /** Views that came as events: one that was asked for must not overwrite them. */
  #heard = 0;
  /** The last request from outside the window whose card was opened. */
  #revealed = 0;

  constructor(
    readonly backend: Backend,
    readonly clock: Clock,
    readonly preferences: Preferences,
  ) {
    this.inbox = new Inbox(async (key, pipeline) => value(await backend.query({ ask: "show", key, pipeline }), "approval")?.value ?? null);
    this.card = new Card((query) => backend.query(query));
    this.takingBack = new TakingBack((command) => backend.dispatch(command));
  }

  /** Listens, then asks for the view once; returns how to stop. */
  start(): () => void {
    const stops = [
      this.clock.start(),
      this.viewport.start(),
      this.backend.onView((view) => {
        this.#heard += 1;
        this.#accept(view);
      }),
    ];
    void this.retry();
    return () => stops.forEach((stop) => stop());
  }

  async retry(): Promise<void> {
    const heard = this.#heard;
    try {
      const view = await this.backend.view();
      if (heard === this.#heard) this.#accept(view);
    } catch (thrown) {
      if (heard === this.#heard) this.started = explain(thrown);
    }
  }

  /** This is the rehearsal: marked wherever it shows. */
  get rehearsing(): boolean {
    return this.view.realm === "rehearsal";
  }

  /** Gateways can be added here and signed in to. The rehearsal has its own and takes no other. */
  get takesGateways(): boolean {
    return !this.rehearsing;
  }

  /** Own decisions that are recorded here and have not left. */
  get unsent(): DecisionView[] {
    return this.view.decisions.filter(isUnsent);
  }

  /** Own decisions whose outcome is not known: the engine keeps them in its view until it is (rule 5). */
  get unsure(): DecisionView[] {
    return this.view.decisions.filter((one) => one.state === "unknown");
  }

  /** Asks before it ends anything: see `ui/Quit.svelte`. */
  quit(): void {
    this.nav.overlay = "quit";
  }

  gateway(id: string | undefined): GatewayView | undefined {
    return this.view.gateways.find((one) => one.id === id);
  }

  /** Puts the cursor on a row; where there is room its card opens with it. */
  select(id: string, how: "cursor" | "open" = "cursor"): void {
    this.cursor = id;
    const key = this.inbox.keys.get(id);
    if (key !== undefined && (how === "open" || !this.viewport.narrow)) this.#openCard(key);
  }

  /** Opens a row's card and goes into it. */
  enter(id: string): void {
    this.select(id, "open");
    requestAnimationFrame(() => document.querySelector<HTMLElement>("[data-card]")?.focus());
  }

  /** Opens a request's card from outside: a notification, the palette, the history. */
  reveal(key: RequestKey): void {
    this.inbox.keys.set(keyText(key), key);
    this.nav.go("inbox");
    this.cursor = keyText(key);
    this.#openCard(key);
  }

  closeCard(): void {
    this.card.open(null, this.view);
    this.inbox.release("card");
  }

  /** Opens the dialog of a decision upon what is on screen. It never decides by itself. */
  decide(verb: Verb): void {
    const { key, approval } = this.card;
    if (key === null || approval === null || this.deciding !== null) return;
    const waits: Point = coverage(approval).point;
    const point: Point = verb === "approve" ? waits : "request";
    const identity = this.gateway(key.gateway)?.account ?? "";
    const subject = { key, approval, point, shown: this.card.shownDigest, identity };
    const that: Deciding = new Deciding(verb, subject, (command) => this.backend.dispatch(command), (made) => {
      // It may have been closed with its console; the dialog that is open by now is another one then.
      if (this.deciding === that) this.endDeciding();
      this.#drafts.delete(draftOf(verb, key));
      this.say(`Recorded. ${(made === null ? null : waitingSaid(made, this.view.policy, this.clock.now)) ?? "It is on its way to the gateway."}`);
    });
    that.reason = this.#drafts.get(draftOf(verb, key)) ?? "";
    this.deciding = that;
  }

  /** Takes a decision back from wherever the person is; a refusal is shown on its card. */
  async takeBack(decision: DecisionView): Promise<void> {
    await this.takingBack.ask(decision.id);
    const why = this.takingBack.refused.get(decision.id);
    if (why === undefined) return;
    this.reveal(decision.key);
    this.takingBack.refused.set(decision.id, why);
  }

  /** Cancel and Esc: they end whatever is not being recorded yet. */
  cancelDeciding(): void {
    if (this.deciding?.recording !== true) this.endDeciding();
  }

  endDeciding(): void {
    const deciding = this.deciding;
    if (deciding === null) return;
    this.#drafts.set(draftOf(deciding.verb, deciding.subject.key), deciding.reason);
    deciding.close();
    this.deciding = null;
  }

  say(text: string): void {
    this.said = text;
  }

  #openCard(key: RequestKey): void {
    this.inbox.hold("card");
    if (this.card.key === null || keyText(this.card.key) !== keyText(key)) this.takingBack.forget();
    this.card.open(key, this.view);
  }

  #accept(view: WindowView): void {
    const first = this.started !== "ready";
    const before = this.view;
    if (!first && view.realm !== before.realm) this.#leave();
    this.view = view;
    this.started = "ready";
    const newcomers = this.inbox.accept(view);
    this.card.follow(view);
    const revealed = this.#reveal(view);
    if (!revealed && (first || view.realm !== before.realm)) this.#openFirst();
    if (!first) this.#tell(before, view, newcomers.map((row) => row.error));
  }

  /** Another console is shown from now on, the rehearsal or the real one: nothing of the last stays on screen. */
  #leave(): void {
    this.endDeciding();
    this.card.open(null, this.view);
    this.inbox.clear();
    this.cursor = null;
    this.nav.go("inbox");
  }

  /** A notification or the tray asked for a request: its card opens, once, as soon as its gateway is known here. */
  #reveal(view: WindowView): boolean {
    const { asked } = view;
    if (asked === null || asked.nth === this.#revealed || this.gateway(asked.key.gateway) === undefined) return false;
    this.#revealed = asked.nth;
    if (this.deciding !== null && !this.deciding.recording) this.endDeciding();
    this.reveal(asked.key);
    return true;
  }

  /** Woken at night, a person sees the most urgent request without a press. */
  #openFirst(): void {
    const id = this.inbox.order[0];
    if (id !== undefined && this.card.key === null) this.select(id);
  }

  #tell(before: WindowView, view: WindowView, errors: string[]): void {
    if (errors.length === 1) this.say(`New request: ${visible(oneLine(errors[0] ?? ""))}`);
    else if (errors.length > 1) this.say(`${errors.length} new requests`);
    for (const decision of view.decisions) {
      const old = before.decisions.find((one) => one.id === decision.id);
      if (old === undefined || !movedOn(old, decision)) continue;
      const id = keyText(decision.key);
      const about = view.decisions.filter((one) => keyText(one.key) === id);
      const approval = this.card.key !== null && keyText(this.card.key) === id ? this.card.approval : null;
      const said = announcement({ decision, about, approval, title: this.inbox.rows.get(id)?.error, policy: view.policy, now: this.clock.now });
      if (said !== null) this.say(said);
    }
  }
}

function draftOf(verb: Verb, key: RequestKey): string {
  return `${verb} ${keyText(key)}`;
}
