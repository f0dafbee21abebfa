/**
 * What a person must know about the data here: which banner is how loud, and what can be done about it. The sentence is the
 * engine's; owns no truth and no markup.
 */
import type { Banner } from "./bindings/Banner";
import type { BannerKind } from "./bindings/BannerKind";
import type { Shape, Tone } from "./card/words";
import type { ViewName } from "./state/nav.svelte";

export type BannerWords = {
  shape: Shape;
  tone: Tone;
  title: string;
  /** Where the person can see more. */
  leads: { label: string; view: ViewName } | null;
  /** What still holds cannot be put away; what was found once can, for this run. */
  hides: "yes" | "no";
};

/** The words of one banner. */
export function bannerWords(banner: Banner): BannerWords {
  return WORDS[banner.kind];
}

/** The worst first, else as the engine has them. */
export function bySeverity(banners: Banner[]): Banner[] {
  return banners.toSorted((a, b) => Number(bannerWords(b).tone === "bad") - Number(bannerWords(a).tone === "bad"));
}

/** One banner, to be told from the others: the same thing found again later is another one. */
export function bannerId(banner: Banner): string {
  return `${banner.kind} ${banner.since} ${banner.sentence}`;
}

const TO_HISTORY = { label: "Open History", view: "history" } as const;

const WORDS: Record<BannerKind, BannerWords> = {
  read_only: { shape: "fail", tone: "bad", title: "Read only", leads: TO_HISTORY, hides: "no" },
  disk_full: { shape: "fail", tone: "bad", title: "Nothing can be recorded", leads: null, hides: "no" },
  row_changed: { shape: "fail", tone: "bad", title: "Changed from outside", leads: TO_HISTORY, hides: "yes" },
  receipts_broken: { shape: "fail", tone: "bad", title: "Receipts broken", leads: TO_HISTORY, hides: "yes" },
  gateway_audit: { shape: "fail", tone: "bad", title: "Audit chain broken", leads: null, hides: "yes" },
  decisions_salvaged: { shape: "unknown", tone: "warn", title: "Decisions salvaged", leads: TO_HISTORY, hides: "yes" },
  cache_rebuilt: { shape: "unknown", tone: "warn", title: "Cache rebuilt", leads: null, hides: "yes" },
};
