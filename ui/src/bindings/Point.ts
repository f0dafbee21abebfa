import type { ActionId } from "./ActionId";

export type Point = "request" | { action: ActionId };
