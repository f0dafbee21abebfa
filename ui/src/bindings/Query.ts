import type { DecisionId } from "./DecisionId";
import type { GatewayId } from "./GatewayId";
import type { PipelineId } from "./PipelineId";
import type { RequestKey } from "./RequestKey";

export type Query = | { ask: "view" }
  | { ask: "pending"; gateway: GatewayId }
  | { ask: "show"; key: RequestKey; pipeline: PipelineId | null }
  | { ask: "pipelines"; gateway: GatewayId }
  | { ask: "actions"; gateway: GatewayId; pipeline: PipelineId | null }
  | { ask: "mappings"; gateway: GatewayId; pipeline: PipelineId | null }
  | { ask: "decision"; decision: DecisionId }
  | { ask: "history"; query: string; limit: number }
  | { ask: "shown"; decision: DecisionId }
  | { ask: "receipts" };
