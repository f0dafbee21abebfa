import type { PipelineId } from "./PipelineId";

export type Pipeline = { id: PipelineId; name: string; status: string | null };
