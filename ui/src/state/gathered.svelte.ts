/**
 * One list gathered from several gateways. Each is read for itself: what one refuses hides nothing of the others, and what was
 * read stays on screen while it is read again.
 */
import type { Dated } from "../bindings/Dated";
import { type Explained, explain } from "../errors";

/** What one gateway gave, or why it did not. */
export type Part<T> = { gateway: string; dated: Dated<[string, T][]> | null; error: Explained | null };
/** One thing with the gateway and the pipeline it is of. */
export type Placed<T> = { gateway: string; pipeline: string; item: T };

export class Gathered<T> {
  parts: Part<T>[] = $state.raw([]);
  #asked = 0;

  constructor(private readonly read: (gateway: string) => Promise<Dated<[string, T][]>>) {}

  /** Reads all of them; each shows as soon as it is there. */
  load(gateways: string[]): void {
    const mine = ++this.#asked;
    const before = this.parts;
    this.parts = gateways.map((gateway) => before.find((part) => part.gateway === gateway) ?? { gateway, dated: null, error: null });
    for (const gateway of gateways) void this.#one(gateway, mine);
  }

  /** Everything that is there, in the gateways' order. */
  get rows(): Placed<T>[] {
    return this.parts.flatMap(({ gateway, dated }) => (dated?.value ?? []).map(([pipeline, item]) => ({ gateway, pipeline, item })));
  }

  /** What one gateway has; `null` as long as that is not known. */
  of(gateway: string): [string, T][] | null {
    return this.parts.find((part) => part.gateway === gateway)?.dated?.value ?? null;
  }

  get failed(): Part<T>[] {
    return this.parts.filter((part) => part.error !== null);
  }

  get there(): Part<T>[] {
    return this.parts.filter((part) => part.dated !== null);
  }

  async #one(gateway: string, mine: number): Promise<void> {
    try {
      const dated = await this.read(gateway);
      this.#put(mine, { gateway, dated, error: null });
    } catch (thrown) {
      const kept = this.parts.find((part) => part.gateway === gateway)?.dated ?? null;
      this.#put(mine, { gateway, dated: kept, error: explain(thrown) });
    }
  }

  /** A late answer of an earlier reading overwrites nothing. */
  #put(mine: number, part: Part<T>): void {
    if (mine === this.#asked) this.parts = this.parts.map((one) => (one.gateway === part.gateway ? part : one));
  }
}
