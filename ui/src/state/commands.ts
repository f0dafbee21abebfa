/** What the palette offers: each command does exactly what its button or key does, no more. */
import { noun } from "../card/waiting";
import type { Console } from "./console.svelte";
import { keyText } from "./key";
import type { ViewName } from "./nav.svelte";

export type Command = { id: string; group: string; title: string; keys: string[]; run: () => void };

export function commands(console: Console): Command[] {
  return [...ofRequest(console), ...unsent(console), ...requests(console), ...places(console), ...anywhere(console)];
}

/** The open card's own offers, as far as its bar has them pressable. */
function ofRequest(console: Console): Command[] {
  if (console.nav.view !== "inbox" || console.card.key === null) return [];
  const offers: [string, string, string[]][] = [
    ["approve", "Approve: open the confirmation", ["A"]],
    ["reject", "Reject with a reason", ["R"]],
    ["stop", "Stop what is running", ["S"]],
    ["back", "Take back: it has not been sent", ["U"]],
    ["check", "Check the outcome now", []],
  ];
  const changed = document.querySelector<HTMLElement>("[data-changed]");
  // The palette gives the focus back as it closes: only then can it go elsewhere.
  const read: Command[] = changed === null ? [] : [{ id: "changed", group: "This request", title: "Read what changed", keys: ["A"], run: () => requestAnimationFrame(() => changed.focus()) }];
  return [...read, ...offers.flatMap(([offer, title, keys]) => {
    const button = document.querySelector<HTMLButtonElement>(`[data-offer="${offer}"]`);
    if (button === null || button.getAttribute("aria-disabled") === "true") return [];
    return [{ id: offer, group: "This request", title, keys, run: () => button.click() }];
  })];
}

/** Whatever waits can be taken back from anywhere, by its request's name; the open card offers its own above. */
function unsent(console: Console): Command[] {
  const onCard = console.nav.view === "inbox" && console.card.key !== null ? keyText(console.card.key) : null;
  return console.unsent.flatMap((one) => {
    const id = keyText(one.key);
    if (one.waits === null || id === onCard) return [];
    const title = `Take back the ${noun(one)} of ${console.inbox.rows.get(id)?.error ?? one.key.request}`;
    return [{ id: `back-${one.id}`, group: "Not sent yet", title, keys: [], run: () => void console.takeBack(one) }];
  });
}

function requests(console: Console): Command[] {
  return console.view.requests.slice(0, 50).map((row) => ({
    id: `request-${keyText(row.key).replace(/\W/g, "_")}`,
    group: "Requests",
    title: row.error,
    keys: [],
    run: () => console.reveal(row.key),
  }));
}

const PLACES: [ViewName, string, string][] = [
  ["inbox", "Inbox", "i"],
  ["runbooks", "Runbooks", "r"],
  ["mappings", "Error mappings", "m"],
  ["history", "History", "h"],
  ["settings", "Settings", "s"],
];

function places(console: Console): Command[] {
  return PLACES.map(([view, name, key]) => ({ id: `go-${view}`, group: "Go to", title: name, keys: ["G", key.toUpperCase()], run: () => console.nav.go(view) }));
}

function anywhere(console: Console): Command[] {
  const theme = (value: "system" | "light" | "dark", title: string): Command => ({ id: `theme-${value}`, group: "Anywhere", title, keys: [], run: () => console.preferences.setTheme(value) });
  return [
    { id: "help", group: "Anywhere", title: "Keyboard shortcuts", keys: ["?"], run: () => (console.nav.overlay = "help") },
    { id: "fresh", group: "Anywhere", title: "Show new requests", keys: ["N"], run: () => console.inbox.show() },
    ...(console.rehearsing ? [{ id: "end", group: "Anywhere", title: "End the rehearsal", keys: [], run: () => void console.backend.dispatch({ do: "end_rehearsal" }) }] : []),
    { id: "quit", group: "Anywhere", title: "Quit Holdpoint", keys: [], run: () => console.quit() },
    ...(console.takesGateways ? [{ id: "add", group: "Anywhere", title: "Add a gateway", keys: [], run: () => (console.nav.setup = true) }] : []),
    theme("light", "Light appearance"),
    theme("dark", "Dark appearance"),
    theme("system", "Appearance as the system has it"),
  ];
}
