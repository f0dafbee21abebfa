export type Risk = "low" | "medium" | "high";
