import type { ActionId } from "./ActionId";
import type { ActionResult } from "./ActionResult";
import type { Code } from "./Code";
import type { DecisionId } from "./DecisionId";
import type { Digest } from "./Digest";
import type { OutboxState } from "./OutboxState";
import type { PipelineId } from "./PipelineId";
import type { Point } from "./Point";
import type { RequestKey } from "./RequestKey";
import type { Status } from "./Status";
import type { Verdict } from "./Verdict";

export type DecisionView = {
  id: DecisionId;
  key: RequestKey;
  pipeline: PipelineId;
  point: Point;
  verdict: Verdict;
  identity: string;
  digest: Digest;
  state: OutboxState;
  code: Code | null;
  detail: string | null;
  status: Status | null;
  waiting: ActionId | null;
  results: Array<ActionResult>;
};
