import type { Digest } from "./Digest";
import type { PipelineId } from "./PipelineId";
import type { Point } from "./Point";
import type { RequestKey } from "./RequestKey";
import type { Unreachable } from "./Unreachable";
import type { Verdict } from "./Verdict";

export type Prepare = { key: RequestKey; pipeline: PipelineId | null; point: Point; verdict: Verdict; shown: Digest | null; unreachable: Unreachable };
