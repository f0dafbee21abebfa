/**
 * The page as a person has it, for the tests: the whole application over the scripted backend, on a clock that only moves
 * when a test says so. Owns how the page is opened, read and driven; knows nothing of what it should say.
 */
import { render, screen, within } from "@testing-library/svelte";
import { userEvent, type UserEvent } from "@testing-library/user-event";
import { vi } from "vitest";
import App from "../src/App.svelte";
import { Fake } from "../src/backend/fake/fake";
import { gateway, NOW_MS } from "../src/backend/fake/make";
import { scene as named, type Scene } from "../src/backend/fake/scenes";
import type { Approval } from "../src/bindings/Approval";
import type { Code } from "../src/bindings/Code";
import type { DecisionView } from "../src/bindings/DecisionView";
import type { Refused } from "../src/bindings/Refused";
import type { Wish } from "../src/bindings/Wish";
import { Clock } from "../src/state/clock.svelte";
import { Console } from "../src/state/console.svelte";
import { Preferences } from "../src/state/preferences.svelte";

export type Did = Wish;
type View = Awaited<ReturnType<Fake["view"]>>;

export class Page {
  readonly user: UserEvent = userEvent.setup({ delay: null });
  /** Everything that was asked of the backend, in order. */
  readonly did: Did[] = [];
  readonly #listeners = new Set<(view: View) => void>();
  #refusals = new Map<Did["do"], Refused>();
  #held = new Map<Did["do"], Promise<void>>();

  constructor(readonly fake: Fake) {
    const dispatch = fake.dispatch.bind(fake);
    vi.spyOn(fake, "dispatch").mockImplementation(async (command) => {
      this.did.push(command);
      const refusal = this.#refusals.get(command.do);
      if (refusal !== undefined) throw refusal;
      await this.#held.get(command.do);
      return dispatch(command);
    });
    const onView = fake.onView.bind(fake);
    vi.spyOn(fake, "onView").mockImplementation((listener) => {
      this.#listeners.add(listener);
      return onView(listener);
    });
  }

  /** From now on the engine refuses this command so. */
  refuse(what: Did["do"], code: Code, message = ""): void {
    this.#refusals.set(what, { code, message });
  }

  /** From now on this command gets no answer, until what is returned here is called. */
  hold(what: Did["do"]): () => Promise<void> {
    let free = () => {};
    this.#held.set(what, new Promise((resolve) => (free = resolve)));
    return async () => {
      this.#held.delete(what);
      free();
      await pass(50);
    };
  }

  /** A new view from the engine, made of the present one. */
  async push(change: (view: View) => Partial<View>): Promise<void> {
    const view = await this.fake.view();
    const next = { ...view, rev: view.rev + 1000 + this.did.length, ...change(view) };
    for (const listener of this.#listeners) listener(next);
    await pass(50);
  }

  /** A request comes in, or is known anew. */
  async arrive(request: Approval): Promise<void> {
    this.fake.arrive(request);
    await pass(50);
  }

  async click(name: string | RegExp, role = "button"): Promise<void> {
    await this.user.click(screen.getByRole(role, { name }));
    await pass(50);
  }

  /** Keys as `userEvent.keyboard` writes them. */
  async press(keys: string): Promise<void> {
    await this.user.keyboard(keys);
    await pass(50);
  }

  /** The last command of that kind. */
  last<Kind extends Did["do"]>(kind: Kind): Extract<Did, { do: Kind }> {
    const found = this.did.findLast((one) => one.do === kind);
    if (found === undefined) throw new Error(`nothing was asked of the engine with ${kind}; it was asked ${JSON.stringify(this.did)}`);
    return found as Extract<Did, { do: Kind }>;
  }

  count(kind: Did["do"]): number {
    return this.did.filter((one) => one.do === kind).length;
  }
}

/** Lets the page's clock, timers and frames go on. */
export async function pass(ms: number): Promise<void> {
  await vi.advanceTimersByTimeAsync(ms);
}

/** So much later, at one stroke: as after a sleep of the machine. */
export async function later(ms: number): Promise<void> {
  vi.setSystemTime(Date.now() + ms);
  await pass(1100);
}

/** A live gateway with these requests and decisions, unless told otherwise. */
export function night(rest: Partial<Scene>): Scene {
  return { gateways: [gateway()], requests: [], decisions: [], ...rest };
}

/** Opens the page upon a named scene or a whole one. */
export async function open(which: string | Scene): Promise<Page> {
  vi.useFakeTimers({ now: NOW_MS });
  const page = new Page(new Fake(typeof which === "string" ? named(which) : which));
  render(App, { props: { console: new Console(page.fake, new Clock(), new Preferences()) } });
  await pass(100);
  return page;
}

/** Opens the page with this one request on its card; requests that are over have to be in the list first. */
export async function openCard(request: Approval, decisions: DecisionView[] = [], rest: Partial<Scene> = {}): Promise<Page> {
  const page = await open(night({ requests: [request], decisions, ...rest }));
  if (screen.queryByRole("heading", { level: 2, name: said(request.error_message) }) === null) {
    page.fake.open(request.request_id);
    await pass(100);
  }
  return page;
}

/** What an element says, with its white space as a reader has it. */
export function told(element: Element | null): string {
  return (element?.textContent ?? "").replace(/\s+/g, " ").trim();
}

/** The open request, with its bar. */
export function card(): HTMLElement {
  return screen.getByRole("region", { name: "Request" });
}

/** A button's name and whether it can be pressed. */
export function offers(inside: HTMLElement = card()): Record<string, "open" | "closed"> {
  const kinds = ["Approve", "Reject", "Stop", "Check"];
  const buttons = within(inside).queryAllByRole("button").filter((one) => kinds.some((kind) => told(one).startsWith(kind)));
  return Object.fromEntries(buttons.map((one) => [label(one), isClosed(one) ? "closed" : "open"]));
}

/** A button's words without the key that presses it. */
function label(button: HTMLElement): string {
  const words = button.cloneNode(true) as HTMLElement;
  for (const key of words.querySelectorAll("kbd")) key.remove();
  return told(words);
}

export function isClosed(button: HTMLElement): boolean {
  return button.getAttribute("aria-disabled") === "true" || (button as HTMLButtonElement).disabled;
}

/** Why the element is as it is: the text that it is described by. */
export function described(element: HTMLElement): string {
  const ids = (element.getAttribute("aria-describedby") ?? "").split(" ").filter((id) => id !== "");
  return [...ids.map((id) => told(document.getElementById(id))), element.getAttribute("title") ?? ""].join(" ").trim();
}

/** The text as it stands in an accessible name. */
function said(text: string): RegExp {
  return new RegExp(text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
}
