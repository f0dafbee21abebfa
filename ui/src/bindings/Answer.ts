import type { AppView } from "./AppView";
import type { Approval } from "./Approval";
import type { Dated } from "./Dated";
import type { DecisionView } from "./DecisionView";
import type { ErrorMapping } from "./ErrorMapping";
import type { GatewayId } from "./GatewayId";
import type { HistoryEntry } from "./HistoryEntry";
import type { Pipeline } from "./Pipeline";
import type { PipelineId } from "./PipelineId";
import type { Prepared } from "./Prepared";
import type { Receipts } from "./Receipts";
import type { RemediationAction } from "./RemediationAction";
import type { SignedIn } from "./SignedIn";

export type Answer = | { answer: "done" }
  | { answer: "gateway"; value: GatewayId }
  | { answer: "signed_in"; value: SignedIn }
  | { answer: "prepared"; value: Prepared }
  | { answer: "decision"; value: DecisionView | null }
  | { answer: "view"; value: AppView }
  | { answer: "approvals"; value: Dated<Array<Approval>> }
  | { answer: "approval"; value: Dated<Approval> | null }
  | { answer: "pipelines"; value: Dated<Array<Pipeline>> }
  | { answer: "actions"; value: Dated<Array<[PipelineId, RemediationAction]>> }
  | { answer: "mappings"; value: Dated<Array<[PipelineId, ErrorMapping]>> }
  | { answer: "history"; value: Array<HistoryEntry> }
  | { answer: "shown"; value: Approval | null }
  | { answer: "receipts"; value: Receipts };
