export type Status = "pending" | "paused" | "executing" | "completed" | "failed" | "rejected" | "stopped" | "withdrawn" | "interrupted" | "expired" | string;
