/**
 * Adding a gateway and signing in, step by step. Each step says only what has happened: an address is "known" once the engine
 * took it, a connection "live" once the view says live.
 */
import { value } from "../backend/backend";
import type { Backend } from "../backend/backend";
import type { GatewayView } from "../bindings/GatewayView";
import { type Explained, explain } from "../errors";

export class Connecting {
  address: string = $state("");
  email: string = $state("");
  password: string = $state("");
  gateway: string | null = $state(null);
  account: string | null = $state(null);
  /** Said where the session cannot be kept. */
  notKept: string | null = $state(null);
  busy: boolean = $state(false);
  error: Explained | null = $state.raw(null);

  constructor(
    private readonly backend: Backend,
    known: GatewayView | null = null,
  ) {
    if (known !== null) {
      this.gateway = known.id;
      this.address = known.origin;
      this.account = known.account;
    }
  }

  /** The address, then the sign-in, then the stream: whichever is next. */
  async next(): Promise<void> {
    if (this.busy) return;
    this.busy = true;
    this.error = null;
    try {
      if (this.gateway === null) this.gateway = value(await this.backend.dispatch({ do: "add_gateway", address: this.address.trim() }), "gateway");
      else await this.#signIn(this.gateway);
    } catch (thrown) {
      this.error = explain(thrown);
      if (this.error.code === "sign_in") this.error = { ...this.error, title: "Not signed in", message: "The gateway did not take this name or password. Nothing was kept." };
    }
    this.busy = false;
  }

  /** Another address after all. */
  back(): void {
    this.gateway = null;
    this.account = null;
    this.error = null;
  }

  async #signIn(gateway: string): Promise<void> {
    const { email, not_kept } = value(await this.backend.dispatch({ do: "sign_in", gateway, email: this.email.trim(), password: this.password }), "signed_in");
    this.password = "";
    this.account = email;
    this.notKept = not_kept;
    await this.backend.dispatch({ do: "connect", gateway });
  }
}
