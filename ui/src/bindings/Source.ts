export type Source = { from: "gateway" } | { from: "cache"; why: string };
