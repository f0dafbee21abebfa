import type { ActionId } from "./ActionId";
import type { ActionResult } from "./ActionResult";
import type { DecisionId } from "./DecisionId";
import type { Digest } from "./Digest";
import type { JsonValue } from "./JsonValue";
import type { OutboxState } from "./OutboxState";
import type { PipelineId } from "./PipelineId";
import type { RequestId } from "./RequestId";

export type HistoryEntry = | { kind: "event"; at: string; row: number; request_id: RequestId | null; pipeline_id: PipelineId | null; title: string; event: JsonValue }
  | {
      kind: "decision";
      at: string;
      changed_at: string;
      decision: DecisionId;
      request_id: RequestId;
      pipeline_id: PipelineId;
      action_id: ActionId | null;
      verdict: string;
      reason: string | null;
      identity: string;
      digest: Digest;
      state: OutboxState;
      status: string | null;
      detail: string | null;
      error_message: string;
      execution_results: Array<ActionResult>;
    };
