import type { DecisionView } from "./DecisionView";
import type { GatewayView } from "./GatewayView";
import type { RequestRow } from "./RequestRow";

export type AppView = {
  rev: number;
  gateways: Array<GatewayView>;
  open: number;
  requests: Array<RequestRow>;
  decisions: Array<DecisionView>;
  last_row: number;
  malformed: number;
};
