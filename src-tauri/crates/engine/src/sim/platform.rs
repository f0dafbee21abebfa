//! What the simulated platform does with a decision (CONTRACT 3): no digest, no key, no expiry; it answers when the
//! actions have run, overwrites who approved, and tells lies about what it refused.

use super::ledger::{Message, bare, response};
use super::world::World;
use super::{executor, log};
use client::{ApprovalKind, Slug, Told};
use domain::law::{self, Input, State};
use domain::registry::RemediationResponse;
use domain::{DecisionId, Point, RequestId, Status, Verdict};
use serde_json::Value;

/// Takes a decision, and the answer that comes at once; `None`: it comes when the execution rests.
pub(super) fn take(world: &mut World, message: &Message) -> Option<Result<RemediationResponse, Told>> {
    let Some(entry) = world.gateway.entry(&message.request) else {
        return Some(Err(bare(404, Some(Slug::NotFound), "Approval request not found")));
    };
    match (&message.verdict, entry.state()) {
        (Verdict::Approve, State::Executing) => {
            // Two at once interleave: nobody can tell whose it was.
            overwrite(world, message);
            None
        }
        (Verdict::Approve, State::Completed | State::Failed) => {
            overwrite(world, message);
            Some(Ok(response("executed")))
        }
        (Verdict::Reject { .. }, State::Pending) => {
            let (by, now) = (message.identity.clone(), world.time());
            let entry = world.gateway.entry(&message.request)?;
            entry.approval.decided_by = Some(by);
            entry.enter(&State::Rejected, now);
            took(world, message.decision);
            log::tell(world, ApprovalKind::ApprovalDecided, &message.request, Value::Null);
            Some(Ok(response("rejected")))
        }
        (Verdict::Reject { .. }, _) => {
            log::document(world, &message.request, Some("rejected"));
            Some(Err(bare(500, None, "validation error for RemediationResponse")))
        }
        (Verdict::Approve, state) => approve(world, message, &state),
        (Verdict::Stop { .. }, _) => Some(Err(bare(404, None, "Not Found"))),
    }
}

fn approve(world: &mut World, message: &Message, state: &State) -> Option<Result<RemediationResponse, Told>> {
    let now = world.time();
    let input = match &message.point {
        Point::Request => Input::ApproveRequest,
        Point::Action(id) => Input::ApproveAction(id.clone()),
    };
    let Ok(next) = law::step(state, &input) else {
        return Some(Err(bare(500, None, "validation error for RemediationResponse")));
    };
    let entry = world.gateway.entry(&message.request)?;
    entry.approval.decided_by = Some(message.identity.clone());
    if let Point::Action(id) = &message.point {
        let state = entry.approval.execution_state.entry(id.clone()).or_default();
        state.approved = true;
        state.approved_by = Some(message.identity.clone());
    }
    entry.enter(&next, now);
    took(world, message.decision);
    log::tell(world, ApprovalKind::ApprovalDecided, &message.request, Value::Null);
    executor::start(world, &message.request);
    None
}

fn took(world: &mut World, decision: DecisionId) {
    *world.gateway.truth.effects.entry(decision).or_default() += 1;
}

/// Nobody can tell any more whose approval it was.
fn overwrite(world: &mut World, message: &Message) {
    let judge = &world.judge;
    let same = judge.made.iter().filter(|(_, made)| made.key.request == message.request);
    let untold: Vec<DecisionId> = same.map(|(id, _)| *id).collect();
    world.gateway.truth.untold.extend(untold);
    took(world, message.decision);
    if let Some(entry) = world.gateway.entry(&message.request) {
        entry.approval.decided_by = Some(message.identity.clone());
    }
}

/// The answer of a call whose execution rests now; `None`: it still runs.
pub(super) fn rested(world: &mut World, request: &RequestId) -> Option<RemediationResponse> {
    let entry = world.gateway.entry(request)?;
    match entry.approval.status {
        Status::Executing => None,
        Status::Paused => Some(response("action_approval_required")),
        Status::Failed => Some(response("failed")),
        _ => Some(response("executed")),
    }
}
