/**
 * The one way from the page to what owns the truth: the engine behind the shell (`tauri.ts`), or a scripted one without Rust
 * (`fake/`). Refusals reject with `{code, message}`; `errors.ts` says what they mean.
 */
import type { Answer } from "../bindings/Answer";
import type { Query } from "../bindings/Query";
import type { WindowView } from "../bindings/WindowView";
import type { Wish } from "../bindings/Wish";

export interface Backend {
  /** Changes something: the shell or the engine does it. */
  dispatch(wish: Wish): Promise<Answer>;
  /** The whole view, now. Asked for once at the start: an event before the page listens is lost. */
  view(): Promise<WindowView>;
  /** Asks without changing anything at the gateway. */
  query(query: Query): Promise<Answer>;
  /** Each new view, in order; returns how to stop listening. */
  onView(listener: (view: WindowView) => void): () => void;
}

type Valued = Extract<Answer, { value: unknown }>;
type ValueOf<Kind> = Valued extends infer One ? (One extends { answer: Kind; value: infer Value } ? Value : never) : never;

/** The answer's value, if it is of the kind that was asked for. */
export function value<Kind extends Valued["answer"]>(answer: Answer, kind: Kind): ValueOf<Kind> {
  if (answer.answer !== kind || !("value" in answer)) throw new Error(`asked for ${kind}, answered ${answer.answer}`);
  return answer.value as ValueOf<Kind>;
}
