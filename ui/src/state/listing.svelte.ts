/**
 * A list or value that is read once and read again on demand: loading, there, or refused. While it is read again the last
 * value stays on screen; a late answer never overwrites a newer one.
 */
import { type Explained, explain } from "../errors";

export class Listing<T> {
  value: T | null = $state.raw(null);
  error: Explained | null = $state.raw(null);
  loading: boolean = $state(false);
  #asked = 0;

  async load(read: () => Promise<T>): Promise<void> {
    const mine = ++this.#asked;
    this.loading = true;
    try {
      const value = await read();
      if (mine !== this.#asked) return;
      this.value = value;
      this.error = null;
    } catch (thrown) {
      if (mine !== this.#asked) return;
      this.error = explain(thrown);
    }
    this.loading = false;
  }

  /** Forgets what was read: another thing is asked for now. */
  clear(): void {
    this.#asked += 1;
    this.value = null;
    this.error = null;
    this.loading = false;
  }
}
