import type { ActionId } from "./ActionId";

export type ErrorMapping = { error: string; actions: Array<ActionId>; description: string | null };
