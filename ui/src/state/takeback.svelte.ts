/**
 * Taking back what has not left: one call for a decision at a time, and the engine's sentence where it said no. It asks
 * nothing, since it only keeps something from happening; whether it was in time is for the engine to say.
 */
import { SvelteMap, SvelteSet } from "svelte/reactivity";
import type { Answer } from "../bindings/Answer";
import type { Command } from "../bindings/Command";
import { asRefused, type Explained, explain } from "../errors";

export class TakingBack {
  /** Why one could not be taken back, by decision. */
  readonly refused = new SvelteMap<string, Explained>();
  readonly #under = new SvelteSet<string>();

  constructor(private readonly dispatch: (command: Command) => Promise<Answer>) {}

  /** Is it being taken back right now? */
  isUnderWay(decision: string): boolean {
    return this.#under.has(decision);
  }

  /** Takes it back. Asking twice is asking once. */
  async ask(decision: string): Promise<void> {
    if (this.#under.has(decision)) return;
    this.#under.add(decision);
    this.refused.delete(decision);
    try {
      await this.dispatch({ do: "take_back", decision });
    } catch (thrown) {
      this.refused.set(decision, notTakenBack(thrown));
    }
    this.#under.delete(decision);
  }

  /** What was said is not said again. */
  forget(): void {
    this.refused.clear();
  }
}

/** The engine's sentence is about this decision; the table's are about deciding. */
function notTakenBack(thrown: unknown): Explained {
  const { code, message } = asRefused(thrown);
  return { code, title: "It could not be taken back", message: message === "" ? explain(thrown).message : message, remedy: "wait" };
}
