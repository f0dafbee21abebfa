//! What the simulated gateway does with a decision (CONTRACT 1a-1c): rights, the key, expiry, the real law, the digest,
//! in the order of the real one.

use super::gateway::{Verdict as Answered, request};
use super::plan::{May, Shape};
use super::world::World;
use super::{executor, log};
use client::{ApprovalKind, Form, Slug, Told};
use domain::law::{self, Input, Refusal, State};
use domain::registry::RemediationResponse;
use domain::{DecisionId, Digest, Point, RequestId, Risk, Verdict};
use serde_json::{Value, json};

/// A decision as it arrives.
#[derive(Clone, Debug)]
pub(super) struct Message {
    /// Whose it really is: the key may lie.
    pub(super) decision: DecisionId,
    pub(super) key: DecisionId,
    pub(super) request: RequestId,
    pub(super) point: Point,
    pub(super) verdict: Verdict,
    pub(super) shown: Digest,
    /// Whom the client names; only the platform listens to that.
    pub(super) identity: String,
}

impl Message {
    fn fingerprint(&self) -> String {
        format!("{} {:?} {:?} {}", self.request, self.point, self.verdict, self.shown)
    }
}

/// A new request.
pub(super) fn raise(world: &mut World, id: &RequestId, shapes: &[Shape], by: Option<String>) {
    let entry = request(world, id, shapes, by);
    world.gateway.saved.entries.insert(id.clone(), entry);
    log::tell(world, ApprovalKind::ApprovalRequired, id, Value::Null);
    executor::expire_in_time(world, id);
}

/// Takes or refuses a decision.
pub(super) fn take(world: &mut World, subject: &str, message: &Message) -> Answered {
    if world.gateway.may(subject) == May::Look {
        return Err(told(Slug::NotAllowed, "You may look but not decide."));
    }
    let key = (subject.to_owned(), message.key);
    if let Some((fingerprint, answer)) = world.gateway.saved.answers.get(&key) {
        return match *fingerprint == message.fingerprint() {
            true => answer.clone(),
            false => Err(told(Slug::KeyReused, "This key was used for another call.")),
        };
    }
    let answer = apply(world, subject, message);
    if !matches!(&answer, Err(told) if matches!(told.status, 401 | 403 | 408 | 425 | 429)) {
        world.gateway.saved.answers.insert(key, (message.fingerprint(), answer.clone()));
    }
    answer
}

fn apply(world: &mut World, subject: &str, message: &Message) -> Answered {
    executor::expire_if_due(world, &message.request);
    let now = world.time();
    let not_found = || told(Slug::NotFound, "There is no such request.");
    let entry = world.gateway.entry(&message.request).ok_or_else(not_found)?;
    let approval = &entry.approval;
    if message.verdict == Verdict::Approve && approval.requested_by.as_deref() == Some(subject) {
        return Err(told(Slug::NotAllowed, "Whoever raised a request cannot approve it."));
    }
    if message.point.action().is_some_and(|id| approval.action(id).is_none()) {
        return Err(told(Slug::NotFound, "There is no such action."));
    }
    let input = match (&message.verdict, &message.point) {
        (Verdict::Approve, Point::Request) => Input::ApproveRequest,
        (Verdict::Approve, Point::Action(id)) => Input::ApproveAction(id.clone()),
        (Verdict::Reject { .. }, _) => Input::Reject,
        (Verdict::Stop { .. }, _) => Input::Stop,
    };
    let next = law::step(&entry.state(), &input).map_err(|refusal| refused(refusal, entry))?;
    let stop = matches!(message.verdict, Verdict::Stop { .. });
    if !stop {
        check_digest(entry, message)?;
    }
    if next == State::Stopping {
        entry.stop.get_or_insert(subject.to_owned());
    } else {
        entry.approval.decided_by = Some(subject.to_owned());
        entry.approval.decided_at = Some(now);
    }
    if let (Verdict::Approve, Point::Action(id)) = (&message.verdict, &message.point) {
        let state = entry.approval.execution_state.entry(id.clone()).or_default();
        state.approved = true;
        state.approved_by = Some(subject.to_owned());
    }
    entry.enter(&next, now);
    let runs = next == State::Executing;
    let response = response(if next == State::Stopping { "executing" } else { word(&next) });
    *world.gateway.truth.effects.entry(message.decision).or_default() += 1;
    let more = json!({"by": subject, "verdict": message.verdict.word()});
    log::tell(world, ApprovalKind::ApprovalDecided, &message.request, more);
    if runs {
        executor::start(world, &message.request);
    } else {
        executor::expire_in_time(world, &message.request);
    }
    Ok(response)
}

/// Takes it back.
pub(super) fn withdraw(world: &mut World, id: &RequestId) {
    let now = world.time();
    let Some(entry) = world.gateway.entry(id) else { return };
    let Ok(next) = law::step(&entry.state(), &Input::Withdraw) else { return };
    entry.enter(&next, now);
    entry.approval.decided_by = Some("machine@x".to_owned());
    log::tell(world, ApprovalKind::ApprovalWithdrawn, id, Value::Null);
}

fn check_digest(entry: &super::gateway::Entry, message: &Message) -> Result<(), Told> {
    let current = entry.approval.computed_digest();
    let risky = |id: &domain::ActionId| message.point.action().is_none_or(|point| point == id);
    let high = entry
        .approval
        .actions
        .iter()
        .any(|one| risky(&one.action.action_id) && one.action.risk_level == Risk::High);
    match &message.shown {
        shown if *shown == current => Ok(()),
        shown if shown.0.is_empty() && high => Err(told(Slug::DigestRequired, "Send the digest.")),
        shown if entry.digests.contains(shown) => Err(told(Slug::Changed, "It was rendered anew.")),
        _ => Err(told(Slug::DigestMismatch, "The digest never belonged to it.")),
    }
}

fn refused(refusal: Refusal, entry: &super::gateway::Entry) -> Told {
    let slug = match refusal {
        Refusal::AlreadyDecided => Slug::AlreadyDecided,
        Refusal::Executing => Slug::Executing,
        Refusal::ActionDecisionNeeded => Slug::ActionDecisionNeeded,
        Refusal::NotAwaitingAction => Slug::NotAwaitingAction,
        Refusal::NotRunning => Slug::NotRunning,
        Refusal::Expired => Slug::Expired,
    };
    let mut told = told(slug, "The law says no.");
    told.extra.insert("by".to_owned(), json!(entry.approval.decided_by));
    told
}

pub(super) fn told(slug: Slug, detail: &str) -> Told {
    bare(slug.status(), Some(slug), detail)
}

pub(super) fn bare(status: u16, slug: Option<Slug>, detail: &str) -> Told {
    Told { status, slug, detail: detail.to_owned(), extra: serde_json::Map::new(), form: Form::Gateway }
}

pub(super) fn response(status: &str) -> RemediationResponse {
    serde_json::from_value(json!({"status": status})).expect("a response")
}

fn word(state: &State) -> &'static str {
    match state {
        State::Rejected => "rejected",
        State::Stopped => "stopped",
        _ => "executing",
    }
}
