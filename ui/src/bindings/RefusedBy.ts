export type RefusedBy = "certificate" | "portal" | "proxy" | "protocol";
