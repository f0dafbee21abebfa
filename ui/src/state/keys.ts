/**
 * The keyboard: which key does what. Single keys never act in a text field, under a dialog or with a modifier, and can be
 * switched off; Ctrl or Cmd with K always opens the palette.
 */
import type { Console } from "./console.svelte";
import type { ViewName } from "./nav.svelte";

/** How long a `g` waits for its second key. */
const CHORD_MS = 1500;

const GO: Record<string, ViewName> = { i: "inbox", h: "history", r: "runbooks", m: "mappings", s: "settings" };

/** Everything the keyboard does, for the help. */
export const SHORTCUTS: { group: string; rows: { keys: string[]; does: string }[] }[] = [
  {
    group: "Requests",
    rows: [
      { keys: ["j"], does: "Next" },
      { keys: ["k"], does: "Previous" },
      { keys: ["Enter"], does: "Open" },
      { keys: ["n"], does: "Show new requests" },
      { keys: ["a"], does: "Approve: opens the confirmation" },
      { keys: ["r"], does: "Reject with a reason" },
      { keys: ["s"], does: "Stop what is running" },
      { keys: ["u"], does: "Take back what has not been sent" },
    ],
  },
  {
    group: "Go to",
    rows: [
      { keys: ["g", "i"], does: "Inbox" },
      { keys: ["g", "r"], does: "Runbooks" },
      { keys: ["g", "m"], does: "Error mappings" },
      { keys: ["g", "h"], does: "History" },
      { keys: ["g", "s"], does: "Settings" },
    ],
  },
  {
    group: "Anywhere",
    rows: [
      { keys: ["Ctrl", "K"], does: "Every command" },
      { keys: ["/"], does: "Search this view" },
      { keys: ["Esc"], does: "Close, or back to the list" },
      { keys: ["?"], does: "This list" },
    ],
  },
];

/** Makes the handler for `keydown` on the window. */
export function keyboard(console: Console): (event: KeyboardEvent) => void {
  let chordUntil = 0;
  return (event) => {
    if ((event.ctrlKey || event.metaKey) && !event.altKey && event.key.toLowerCase() === "k") {
      event.preventDefault();
      if (console.deciding === null) console.nav.overlay = console.nav.overlay === "palette" ? null : "palette";
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || event.repeat && !["j", "k"].includes(event.key)) return;
    if (console.nav.overlay !== null || console.deciding !== null || inTextField(event.target)) return;
    if (event.key === "Escape") return back(console);
    if (!console.preferences.singleKeys || console.view.gateways.length === 0) return;
    const chord = performance.now() < chordUntil;
    chordUntil = 0;
    if (chord) {
      const view = GO[event.key];
      if (view !== undefined) console.nav.go(view);
      return;
    }
    if (event.key === "g") {
      chordUntil = performance.now() + CHORD_MS;
      return;
    }
    if (single(console, event)) event.preventDefault();
  };
}

/** A single key; `true` if it meant something. */
function single(console: Console, event: KeyboardEvent): boolean {
  const { nav } = console;
  switch (event.key) {
    case "j":
    case "k":
      nav.list?.move(event.key === "j" ? 1 : -1);
      return nav.list !== null;
    case "Enter":
      if (isControl(event.target)) return false;
      nav.list?.enter();
      return nav.list !== null;
    case "?":
      nav.overlay = "help";
      return true;
    case "/":
      document.querySelector<HTMLInputElement>("[data-search]")?.focus();
      return true;
    case "n":
      if (nav.view === "inbox") console.inbox.show();
      return nav.view === "inbox";
    case "a":
    case "r":
    case "s":
    case "u":
      if (event.key === "a" && toChange()) return true;
      return nav.view === "inbox" && press({ a: "approve", r: "reject", s: "stop", u: "back" }[event.key]);
    default:
      return false;
  }
}

/** Presses the decision bar's own button, so that a closed one stays closed. */
function press(offer: string): boolean {
  const button = document.querySelector<HTMLButtonElement>(`[data-offer="${offer}"]`);
  if (button === null || button.getAttribute("aria-disabled") === "true") return false;
  button.click();
  return true;
}

/** Approving is closed because something changed: the way there leads through what changed. */
function toChange(): boolean {
  const changed = document.querySelector<HTMLElement>("[data-changed]");
  changed?.focus();
  return changed !== null;
}

function back(console: Console): void {
  if (console.viewport.narrow) console.closeCard();
  document.querySelector<HTMLElement>('[role="option"][aria-selected="true"]')?.focus();
}

function inTextField(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || ["INPUT", "TEXTAREA", "SELECT"].includes(target.tagName));
}

/** Enter belongs to a focused button or link. */
function isControl(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && ["BUTTON", "A", "SUMMARY"].includes(target.tagName);
}
