//! What a caller is told of a request: `RemediationResponse` of CONTRACT 1. Pure, but for reading the rows.

use super::Reply;
use crate::core::Core;
use crate::db::runs::RunRow;
use crate::db::{approvals, runs};
use crate::fault::Fault;
use crate::stream::frame::{LIMIT, cut_result};
use domain::registry::{RemediationResponse, RemediationStatus};
use domain::{ActionResult, Approval, Outcome, RequestId, Status};
use protocol::problem::Slug;
use serde_json::{Map, Value, json};

/// The answer for the request as it stands now.
pub(crate) async fn now(app: &Core, id: &RequestId, status: u16) -> Result<Reply, Fault> {
    let mut tx = app.db.reading().await?;
    let entry = approvals::one(&mut tx, id).await?;
    let entry = entry.ok_or_else(|| Fault::not_found("request", id.as_str()))?;
    let runs = runs::all(&mut tx, id).await?;
    Ok(reply(status, &response(&entry.approval, &runs)))
}

/// The 202 body: taken, the outcome comes over the stream.
pub(crate) fn accepted(approval: &Approval) -> Reply {
    reply(202, &response(approval, &[]))
}

/// An answer with that body.
pub(crate) fn reply(status: u16, response: &RemediationResponse) -> Reply {
    match serde_json::to_value(response) {
        Ok(body) => Reply { status, body },
        // Strings, numbers and maps with string keys: there is nothing to refuse.
        Err(_) => Reply { status: Slug::Unavailable.status(), body: Value::Null },
    }
}

/// The response that fits where the request stands.
pub(crate) fn response(approval: &Approval, runs: &[RunRow]) -> RemediationResponse {
    let results: Vec<ActionResult> = runs.iter().filter_map(|run| run.result.clone()).map(short).collect();
    let ended = !approval.status.is_open();
    let mut extra = Map::new();
    for (name, value) in [
        ("distance", json!(approval.distance)),
        ("digest", json!(approval.digest)),
        ("decided_by", json!(approval.decided_by)),
        ("rejection_reason", json!(approval.rejection_reason)),
        ("pending_approval_actions", json!(approval.pending_approval_actions)),
    ] {
        extra.insert(name.to_owned(), value);
    }
    RemediationResponse {
        status: word(&approval.status),
        error: Some(approval.error_message.clone()),
        matched_error: approval.matched_error.clone(),
        confidence: approval.confidence,
        actions_executed: Some(runs.len() as u64),
        overall_success: ended.then(|| succeeded(approval, &results)),
        execution_results: Some(results),
        message: Some(sentence(approval)),
        request_id: Some(approval.request_id.clone()),
        suggestion: None,
        extra,
    }
}

/// Ran to its end, and every action succeeded.
pub(crate) fn succeeded(approval: &Approval, results: &[ActionResult]) -> bool {
    approval.status == Status::Completed && results.iter().all(|r| r.outcome() == Outcome::Succeeded)
}

/// A result with its output cut to what an answer may carry; the whole is read by action.
pub(crate) fn short(result: ActionResult) -> ActionResult {
    let mut value = json!(result);
    cut_result(&mut value, LIMIT);
    serde_json::from_value(value).unwrap_or(result)
}

fn word(status: &Status) -> RemediationStatus {
    match status {
        Status::Pending => RemediationStatus::ApprovalRequired,
        Status::Paused => RemediationStatus::ActionApprovalRequired,
        Status::Executing => RemediationStatus::Executing,
        Status::Completed => RemediationStatus::Executed,
        Status::Failed => RemediationStatus::Failed,
        Status::Rejected => RemediationStatus::Rejected,
        Status::Stopped => RemediationStatus::Stopped,
        Status::Interrupted => RemediationStatus::Interrupted,
        Status::Withdrawn | Status::Expired | Status::Unrecognised(_) => {
            RemediationStatus::Unrecognised(status.to_string())
        }
    }
}

fn sentence(approval: &Approval) -> String {
    let id = &approval.request_id;
    let by = approval.decided_by.as_deref().unwrap_or("nobody");
    match &approval.status {
        Status::Pending => format!("Request {id} waits for a person."),
        Status::Paused => {
            let action = approval.pending_approval_actions.first().map_or("an action", |a| a.as_str());
            format!("Request {id} is paused before {action}, which needs a decision of its own.")
        }
        Status::Executing => format!("Request {id} is executing; its outcome comes over the stream."),
        Status::Completed => format!("Request {id} ran to its end."),
        Status::Failed => format!("An action of request {id} failed; the rest did not run."),
        Status::Rejected => format!("Request {id} was rejected by {by}."),
        Status::Stopped => format!("Request {id} was stopped by {by}."),
        Status::Withdrawn => format!("Request {id} was withdrawn by {by}."),
        Status::Interrupted => {
            format!("The gateway ended while request {id} ran; what was running is not known.")
        }
        Status::Expired => format!("Nobody decided request {id} in time."),
        Status::Unrecognised(word) => format!("Request {id} is {word}."),
    }
}
