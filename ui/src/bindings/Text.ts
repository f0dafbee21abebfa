import type { Part } from "./Part";

export type Text = string | Array<Part>;
