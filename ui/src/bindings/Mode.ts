export type Mode = "request" | "per_action";
