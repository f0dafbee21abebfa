export type PipelineId = string;
