export type Staleness = "never" | "unreachable" | "lost" | "going_away" | "closed";
