/** What of the page axe has to see, for the run without a layout and the one in a browser alike. Data only. */

/** Scenes whose point is on the card of a request that is not the most urgent one: its error, as the list has it. */
export const CARD: Record<string, RegExp> = Object.fromEntries(
  ["tookeffect", "failed", "rejected", "stopped", "conflict"].map((scene) => [scene, /no more connections allowed/] as const).concat([["hostile", /disk full/]]),
);

/** Scenes in which something happens by itself after a moment, and what is said once it has. */
export const COMES: Record<string, RegExp> = { newcomers: /3 new/, elsewhere: /It took effect/, rejectedelsewhere: /rejected it at/ };

/** Keys as `press` takes them one after the other, and what is on the page once they have done their work. */
export type Surface = { name: string; scene: string; keys: string[]; then?: string[]; shows: RegExp };

export const SURFACES: Surface[] = [
  { name: "the confirmation", scene: "inbox", keys: ["a"], shows: /Runs 2 actions now/ },
  { name: "the confirmation of high risk", scene: "held", keys: ["a"], shows: /Type the target/ },
  { name: "a reject", scene: "inbox", keys: ["r"], shows: /Three letters or digits/ },
  { name: "a reject that would have to wait", scene: "offline", keys: ["r"], then: ["Wrong target", "Reject as you@example.com on payments-prod"], shows: /It cannot be sent now/ },
  { name: "a stop", scene: "results", keys: ["s"], shows: /What ran already stays/ },
  { name: "a refusal", scene: "changed", keys: ["a"], shows: /Nothing was sent/ },
  { name: "what changed", scene: "changed", keys: ["a"], then: ["Look again"], shows: /It changed/ },
  { name: "the palette", scene: "inbox", keys: ["Control+k"], shows: /Go to/ },
  { name: "the help", scene: "inbox", keys: ["?"], shows: /Back to the list|back to the list/ },
  { name: "the question before quitting", scene: "offline", keys: ["Control+k", "q", "u", "i", "t", "Enter"], shows: /1 decision not sent yet/ },
  { name: "the runbooks", scene: "inbox", keys: ["g", "r"], shows: /Read at/ },
  { name: "the runbooks offline", scene: "offline", keys: ["g", "r"], shows: /No route to host/ },
  { name: "the mappings", scene: "inbox", keys: ["g", "m"], shows: /Actions, in order/ },
  { name: "the history", scene: "inbox", keys: ["g", "h"], shows: /Receipt/ },
  { name: "the history beside an unknown outcome", scene: "unknowns", keys: ["g", "h"], shows: /outcome unknown, checking/ },
  { name: "a broken chain of receipts", scene: "badreceipt", keys: ["g", "h"], shows: /chain is broken/i },
  { name: "the settings", scene: "inbox", keys: ["g", "s"], shows: /Appearance/ },
  { name: "the settings with an undo window", scene: "undo", keys: ["g", "s"], shows: /held this long before it leaves/ },
  { name: "the settings over damaged data", scene: "damaged", keys: ["g", "s"], shows: /Cache rebuilt/ },
  { name: "a sign-in", scene: "signin", keys: ["g", "s"], shows: /Password/ },
];
