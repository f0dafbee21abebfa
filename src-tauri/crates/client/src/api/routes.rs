//! The paths of CONTRACT 1 and 3. Every id is one encoded segment.

use domain::{ActionId, PipelineId, RequestId};
use protocol::path::segment;

fn runbook(pipeline: &PipelineId, rest: &str) -> String {
    format!("/agentic/{}/runbook/{rest}", segment(pipeline.as_str()))
}

pub(crate) fn pending(pipeline: &PipelineId) -> String {
    runbook(pipeline, "approvals/pending")
}

pub(crate) fn approval(pipeline: &PipelineId, request: &RequestId) -> String {
    runbook(pipeline, &format!("approvals/{}", segment(request.as_str())))
}

pub(crate) fn stop(pipeline: &PipelineId, request: &RequestId) -> String {
    runbook(pipeline, &format!("approvals/{}/stop", segment(request.as_str())))
}

pub(crate) fn result(pipeline: &PipelineId, request: &RequestId, action: &ActionId) -> String {
    let (request, action) = (segment(request.as_str()), segment(action.as_str()));
    runbook(pipeline, &format!("approvals/{request}/results/{action}"))
}

pub(crate) fn decide(pipeline: &PipelineId) -> String {
    runbook(pipeline, "remediate/approve")
}

pub(crate) fn actions(pipeline: &PipelineId) -> String {
    runbook(pipeline, "actions")
}

pub(crate) fn mappings(pipeline: &PipelineId) -> String {
    format!("/action/{}/error-registry/mappings", segment(pipeline.as_str()))
}
