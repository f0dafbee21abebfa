/**
 * The inbox's list: which requests stand in it and in which order. The order never changes while pointer or focus is inside
 * or a card is open: newcomers collect in `fresh`, and what left the open ones greys in its place. Whole views come in,
 * nothing is decided here.
 */
import { SvelteMap } from "svelte/reactivity";
import type { AppView } from "../bindings/AppView";
import type { Approval } from "../bindings/Approval";
import type { RequestKey } from "../bindings/RequestKey";
import type { RequestRow } from "../bindings/RequestRow";
import { isOpen } from "../card/standing";
import { keyText } from "./key";

export class Inbox {
  /** Ids in the order on screen. */
  order: string[] = $state.raw([]);
  /** Ids that came while the order was held. */
  fresh: string[] = $state.raw([]);
  /** What is known of each id: open rows as last seen. */
  readonly rows = new SvelteMap<string, RequestRow>();
  /** Requests that are no longer open, read by id. */
  readonly over = new SvelteMap<string, Approval>();
  /** Keys of everything in the list. */
  readonly keys = new Map<string, RequestKey>();
  #open = new Set<string>();
  #looked = new Set<string>();
  #tidied = new Set<string>();
  #holds = new Set<string>();
  /** What has an own decision that has not ended, and of these what nobody knows the outcome of. */
  #owned = new Set<string>();
  #unsure = new Set<string>();

  constructor(private readonly read: (key: RequestKey, pipeline: string | null) => Promise<Approval | null>) {}

  /** A new view. Returns the rows that were not known before. */
  accept(view: AppView): RequestRow[] {
    const before = this.#open;
    this.#open = new Set(view.requests.map((row) => keyText(row.key)));
    const newcomers = view.requests.filter((row) => !this.keys.has(keyText(row.key)));
    for (const row of view.requests) {
      this.rows.set(keyText(row.key), row);
      this.keys.set(keyText(row.key), row.key);
      this.over.delete(keyText(row.key));
    }
    for (const { key } of view.decisions) this.keys.set(keyText(key), key);
    this.#owned = new Set(view.decisions.filter(isOpen).map((one) => keyText(one.key)));
    this.#unsure = new Set(view.decisions.filter((one) => one.state === "unknown").map((one) => keyText(one.key)));
    for (const id of this.#owned) this.#tidied.delete(id);
    this.#readClosed(view, before);
    this.#place();
    return newcomers;
  }

  /** Somebody is inside: the order stays. */
  hold(why: string): void {
    this.#holds.add(why);
  }

  /** Nobody is inside for this reason any more. */
  release(why: string): void {
    this.#holds.delete(why);
  }

  /** Shows the newcomers, in their places. */
  show(): void {
    this.fresh = [];
    this.order = this.#sorted();
  }

  /** May it be taken out of the list? Not while a decision of one's own about it is under way or its outcome unknown. */
  isTidy(id: string): boolean {
    return this.over.has(id) && !this.#owned.has(id);
  }

  /** Takes what is over out of the list; it stays in the history. */
  tidy(): void {
    for (const id of [...this.over.keys()].filter((one) => this.isTidy(one))) {
      this.over.delete(id);
      this.rows.delete(id);
      this.#tidied.add(id);
    }
    this.order = this.order.filter((id) => !this.#tidied.has(id));
  }

  /** Forgets everything: another console is shown. */
  clear(): void {
    this.order = [];
    this.fresh = [];
    this.rows.clear();
    this.over.clear();
    for (const set of [this.keys, this.#open, this.#looked, this.#tidied, this.#holds, this.#owned, this.#unsure]) set.clear();
  }

  isOpen(id: string): boolean {
    return this.#open.has(id);
  }

  #place(): void {
    if (this.order.length === 0 || this.#holds.size === 0) return this.show();
    const placed = new Set(this.order);
    const missing = this.#sorted().filter((id) => !placed.has(id));
    this.fresh = missing.filter((id) => this.#open.has(id));
  }

  /** What nobody knows the outcome of comes first, then soonest to expire; what is over after what is open. */
  #sorted(): string[] {
    const ids = [...this.keys.keys()].filter((id) => this.#open.has(id) || !this.#tidied.has(id));
    const rank = (id: string): [number, number, number] => {
      const row = this.rows.get(id);
      const expires = row?.expires_at ? Date.parse(row.expires_at) : Number.MAX_SAFE_INTEGER;
      return [this.#unsure.has(id) ? -1 : this.#open.has(id) ? 0 : 1, expires, row?.created_at ? Date.parse(row.created_at) : 0];
    };
    return ids.sort((a, b) => {
      const [x, y] = [rank(a), rank(b)];
      return x[0] - y[0] || x[1] - y[1] || x[2] - y[2] || (a < b ? -1 : 1);
    });
  }

  /** What left the open ones is read by id: it is never called resolved unread. */
  #readClosed(view: AppView, before: Set<string>): void {
    const pipelines = new Map(view.decisions.map((one) => [keyText(one.key), one.pipeline]));
    for (const [id, key] of this.keys) {
      if (this.#open.has(id) || this.#tidied.has(id) || (this.#looked.has(id) && !before.has(id))) continue;
      this.#looked.add(id);
      void this.#look(id, key, this.rows.get(id)?.pipeline ?? pipelines.get(id) ?? null);
    }
  }

  async #look(id: string, key: RequestKey, pipeline: string | null): Promise<void> {
    try {
      const found = await this.read(key, pipeline);
      if (found !== null && this.keys.has(id) && !this.#open.has(id)) this.over.set(id, found);
    } catch {
      // Not readable now: the row stays greyed without a word more than is known.
    }
  }
}
