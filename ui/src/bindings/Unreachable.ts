export type Unreachable = "give_up" | "queue";
