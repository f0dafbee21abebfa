export type DecisionId = string;
