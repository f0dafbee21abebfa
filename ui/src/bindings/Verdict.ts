export type Verdict = { verdict: "approve" } | { verdict: "reject"; reason: string } | { verdict: "stop"; reason: string };
