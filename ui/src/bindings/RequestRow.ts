import type { ActionId } from "./ActionId";
import type { Confidence } from "./Confidence";
import type { PipelineId } from "./PipelineId";
import type { RequestKey } from "./RequestKey";
import type { Risk } from "./Risk";
import type { Status } from "./Status";

export type RequestRow = {
  key: RequestKey;
  rev: number;
  pipeline: PipelineId;
  error: string;
  status: Status;
  confidence: Confidence | null;
  risk: Risk | null;
  created_at: string | null;
  expires_at: string | null;
  waiting: ActionId | null;
};
