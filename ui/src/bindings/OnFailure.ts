export type OnFailure = "stop" | "continue";
