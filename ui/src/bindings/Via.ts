export type Via = "socket" | "polling";
