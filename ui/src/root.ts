/** The composition root: the one place that knows which backend, which clock and which storage the page runs with. */
import { mount } from "svelte";
import App from "./App.svelte";
import type { Backend } from "./backend/backend";
import { Clock } from "./state/clock.svelte";
import { Console } from "./state/console.svelte";
import { Preferences } from "./state/preferences.svelte";

/** Builds the page into `target`. */
export function root(target: HTMLElement, backend: Backend, now?: () => number): Console {
  const console = new Console(backend, new Clock(now), new Preferences());
  mount(App, { target, props: { console } });
  return console;
}
