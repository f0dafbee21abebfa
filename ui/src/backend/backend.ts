/**
 * The one way from the page to what owns the truth: the engine behind the shell (`tauri.ts`), or a scripted one without Rust
 * (`fake/`). Refusals reject with `{code, message}`; `errors.ts` says what they mean.
 */
import type { Answer } from "../bindings/Answer";
import type { AppView } from "../bindings/AppView";
import type { Command } from "../bindings/Command";
import type { Query } from "../bindings/Query";
import type { RequestKey } from "../bindings/RequestKey";

/** Commands that the shell carries out itself, around the engine. */
export type ShellCommand =
  /** Starts the built-in gateway on this machine and signs in to it; answers `gateway`. */
  | { do: "start_here" }
  /** Starts the scripted incident in a data directory of its own; answers `gateway`. */
  | { do: "rehearse" }
  /** Opens a link in the person's browser, only ever by their click; answers `done`. */
  | { do: "open_link"; url: string };

export interface Backend {
  /** Changes something. */
  dispatch(command: Command | ShellCommand): Promise<Answer>;
  /** The whole view, now. Asked for once at the start: an event before the page listens is lost. */
  view(): Promise<AppView>;
  /** Asks without changing anything at the gateway. */
  query(query: Query): Promise<Answer>;
  /** Each new view; returns how to stop listening. */
  onView(listener: (view: AppView) => void): () => void;
  /** A notification or the tray asks for a request's card; returns how to stop listening. */
  onOpen(listener: (key: RequestKey) => void): () => void;
}

type Valued = Extract<Answer, { value: unknown }>;
type ValueOf<Kind> = Valued extends infer One ? (One extends { answer: Kind; value: infer Value } ? Value : never) : never;

/** The answer's value, if it is of the kind that was asked for. */
export function value<Kind extends Valued["answer"]>(answer: Answer, kind: Kind): ValueOf<Kind> {
  if (answer.answer !== kind || !("value" in answer)) throw new Error(`asked for ${kind}, answered ${answer.answer}`);
  return answer.value as ValueOf<Kind>;
}
