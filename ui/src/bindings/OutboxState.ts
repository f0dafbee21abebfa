export type OutboxState = "held" | "queued" | "sent" | "acknowledged" | "observed" | "conflict" | "changed" | "expired" | "refused" | "not_taken" | "unknown";
