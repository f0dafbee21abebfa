/**
 * What a person set about the page itself: theme and single-key shortcuts. Kept in the web view's own storage because nothing
 * else needs it; where that is not offered they last for the run.
 */
export type Theme = "system" | "light" | "dark";

const KEY = "holdpoint.preferences";

export class Preferences {
  theme: Theme = $state("system");
  singleKeys: boolean = $state(true);

  constructor() {
    const kept = read();
    if (kept.theme === "light" || kept.theme === "dark") this.theme = kept.theme;
    if (kept.singleKeys === false) this.singleKeys = false;
    this.#apply();
  }

  setTheme(theme: Theme): void {
    this.theme = theme;
    this.#apply();
    this.#keep();
  }

  setSingleKeys(on: "on" | "off"): void {
    this.singleKeys = on === "on";
    this.#keep();
  }

  #apply(): void {
    if (this.theme === "system") delete document.documentElement.dataset["theme"];
    else document.documentElement.dataset["theme"] = this.theme;
  }

  #keep(): void {
    try {
      localStorage.setItem(KEY, JSON.stringify({ theme: this.theme, singleKeys: this.singleKeys }));
    } catch {
      // No storage: the setting lasts for this run.
    }
  }
}

function read(): { theme?: unknown; singleKeys?: unknown } {
  try {
    return JSON.parse(localStorage.getItem(KEY) ?? "{}") as { theme?: unknown; singleKeys?: unknown };
  } catch {
    return {};
  }
}
