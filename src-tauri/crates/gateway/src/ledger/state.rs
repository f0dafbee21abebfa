//! The law's state of an entry, and an entry brought into a state. Pure.

use crate::db::approvals::Entry;
use chrono::{DateTime, TimeDelta, Utc};
use domain::law::State;
use domain::{ActionId, Approval, Status};
use std::collections::BTreeSet;

/// Where the entry stands. A row whose status this build cannot read is treated as ended: nothing moves it.
pub(crate) fn of(entry: &Entry) -> State {
    match entry.approval.state() {
        Some(State::Executing) if entry.stop.is_some() => State::Stopping,
        Some(state) => state,
        None => State::Interrupted,
    }
}

/// Brings the entry into `next`. A pause waits for a person anew, so it gets its full time.
pub(crate) fn enter(entry: &mut Entry, next: &State, now: DateTime<Utc>, ttl_s: u64) {
    let approval = &mut entry.approval;
    approval.pending_approval_actions.clear();
    approval.status = match next {
        State::Pending => Status::Pending,
        State::Paused(action) => {
            approval.pending_approval_actions.push(action.clone());
            approval.expires_at = Some(deadline(now, ttl_s));
            Status::Paused
        }
        State::Executing | State::Stopping => Status::Executing,
        State::Completed => Status::Completed,
        State::Failed => Status::Failed,
        State::Rejected => Status::Rejected,
        State::Stopped => Status::Stopped,
        State::Withdrawn => Status::Withdrawn,
        State::Interrupted => Status::Interrupted,
        State::Expired => Status::Expired,
    };
}

/// When something that waits from now on expires.
pub(crate) fn deadline(now: DateTime<Utc>, ttl_s: u64) -> DateTime<Utc> {
    let wait = i64::try_from(ttl_s).ok().and_then(TimeDelta::try_seconds).unwrap_or(TimeDelta::MAX);
    now.checked_add_signed(wait).unwrap_or(DateTime::<Utc>::MAX_UTC)
}

/// Waits for a person, and its time has come.
pub(crate) fn is_due(entry: &Entry, now: DateTime<Utc>) -> bool {
    let waits = matches!(entry.approval.status, Status::Pending | Status::Paused);
    waits && entry.approval.expires_at.is_some_and(|at| at <= now)
}

/// The actions that were approved one by one.
pub(crate) fn approved(approval: &Approval) -> BTreeSet<ActionId> {
    let approved = approval.execution_state.iter().filter(|(_, action)| action.approved);
    approved.map(|(id, _)| id.clone()).collect()
}

/// The verdict that a status came of, in the words of the decision.
pub(crate) fn verdict(status: &Status) -> &'static str {
    match status {
        Status::Rejected => "reject",
        Status::Stopped => "stop",
        Status::Withdrawn => "withdraw",
        Status::Expired => "expire",
        _ => "approve",
    }
}
