//! What becomes of a decision (rules 4, 5, 7): pure rules from what is known to the row's next state.
//! A transport error is never an outcome: it leads to asking again.

pub mod breaker;
pub mod retry;

use crate::command::{Code, Unreachable};
use crate::rules;
use client::Dialect;
use client::Slug;
use domain::registry::{RemediationResponse, RemediationStatus};
use domain::{ActionResult, Approval, OutboxState, Point, Status, Verdict};
use retry::Class;
use store::Superseded;

/// How a call to decide ended, without any claim about its effect.
#[derive(Clone, Debug)]
pub enum CallEnd {
    /// The gateway took it.
    Taken(Box<RemediationResponse>),
    /// No byte of it left.
    NotSent {
        /// Why, for a person.
        why: String,
        /// What kind of obstacle.
        code: Code,
    },
    /// It may or may not have arrived.
    Unclear {
        /// Why, for a person.
        why: String,
    },
    /// The gateway answered with an error.
    Told {
        /// HTTP status.
        status: u16,
        /// Its slug, if it uses them.
        slug: Option<Slug>,
        /// Its sentence.
        detail: String,
        /// It asked to wait.
        retry_after_ms: Option<u64>,
        /// Who decided instead, if it says so.
        superseded: Option<Superseded>,
    },
    /// The session is over.
    SignIn {
        /// Why, for a person.
        why: String,
    },
}

/// What to do with the row.
#[derive(Clone, Debug, PartialEq)]
pub enum Next {
    /// Write this state.
    Become(Turn),
    /// Send it again with the same key, not before this long.
    Again {
        /// Milliseconds from now.
        after_ms: u64,
        /// Of which kind the wait is.
        class: Class,
        /// What to tell meanwhile.
        why: String,
    },
}

/// A new state of a row and what to say about it.
#[derive(Clone, Debug, PartialEq)]
pub struct Turn {
    /// The state.
    pub state: OutboxState,
    /// What kind of end, where the state does not tell.
    pub code: Option<Code>,
    /// A sentence.
    pub detail: Option<String>,
    /// Who decided instead (F24).
    pub superseded: Option<Superseded>,
}

impl Turn {
    /// A state about which there is nothing to say.
    pub fn to(state: OutboxState) -> Self {
        Self { state, code: None, detail: None, superseded: None }
    }

    /// A state with its code and its sentence.
    pub fn new(state: OutboxState, code: Option<Code>, detail: impl Into<String>) -> Self {
        Self { state, code, detail: Some(detail.into()), superseded: None }
    }
}

/// May a try of it have reached the gateway? Once it may have, only the gateway can say that it did not (rule 5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Left {
    /// No try did.
    Never,
    /// One may have.
    Maybe,
}

impl Left {
    /// What one more try with this end makes of it.
    pub fn after(self, end: &CallEnd) -> Self {
        match end {
            CallEnd::Unclear { .. } | CallEnd::Taken(_) => Left::Maybe,
            CallEnd::Told { slug: Some(Slug::InProgress), .. } => Left::Maybe,
            CallEnd::Told { status, .. } if *status >= 500 => Left::Maybe,
            CallEnd::Told { .. } | CallEnd::NotSent { .. } | CallEnd::SignIn { .. } => self,
        }
    }
}

/// Tries with the same key before it is left to looking alone.
pub const MOST_TRIES: u32 = 5;
/// The request still stands open this long after a failed call: it was not taken (rule 4).
pub const NOT_TAKEN_AFTER_MS: u64 = 10_000;

/// What the end of a call means for its row. `left`: of the tries before this one.
pub fn after_call(end: &CallEnd, dialect: Dialect, tries: u32, left: Left, unreachable: Unreachable) -> Next {
    match end {
        #[cfg(test)]
        CallEnd::Unclear { .. } if crate::sim::planted::has(crate::sim::planted::Plant::TimeOutIsTaken) => {
            Next::Become(Turn::to(OutboxState::Acknowledged))
        }
        CallEnd::Taken(response) => taken(response),
        // An earlier try may have arrived: that this one did not says nothing about it.
        CallEnd::NotSent { why, .. } if left == Left::Maybe => unclear(dialect, tries, why),
        CallEnd::SignIn { why } if left == Left::Maybe => Next::Become(unknown(why)),
        CallEnd::NotSent { why, code } => match unreachable {
            Unreachable::GiveUp => Next::Become(Turn::new(
                OutboxState::NotTaken,
                Some(*code),
                format!("{why} Nothing was sent and nothing is left queued."),
            )),
            Unreachable::Queue => again(Class::NotSent, tries, None, why),
        },
        CallEnd::Unclear { why } => unclear(dialect, tries, why),
        CallEnd::SignIn { why } => match unreachable {
            Unreachable::GiveUp => {
                Next::Become(Turn::new(OutboxState::NotTaken, Some(Code::SignIn), why.clone()))
            }
            Unreachable::Queue => again(Class::SignIn, tries, None, why),
        },
        CallEnd::Told { status, slug, detail, retry_after_ms, superseded } => {
            let again = Again { dialect, tries, left, retry_after_ms: *retry_after_ms };
            told(*status, *slug, detail, superseded.as_ref(), again)
        }
    }
}

/// What a refusal is weighed with.
#[derive(Clone, Copy)]
struct Again {
    dialect: Dialect,
    tries: u32,
    left: Left,
    retry_after_ms: Option<u64>,
}

/// Nobody knows whether it took effect; the truth is read until somebody does.
pub fn unknown(why: &str) -> Turn {
    let detail = format!("{why} Whether it took effect is unknown - checking.");
    Turn::new(OutboxState::Unknown, Some(Code::Unknown), detail)
}

fn taken(response: &RemediationResponse) -> Next {
    use RemediationStatus as R;
    let ended = matches!(
        response.status,
        R::Executed | R::Failed | R::Rejected | R::Stopped | R::Interrupted | R::ActionApprovalRequired
    );
    let state = if ended { OutboxState::Observed } else { OutboxState::Acknowledged };
    Next::Become(Turn { detail: response.message.clone(), ..Turn::to(state) })
}

/// Whether it arrived is unknown: with a key it may be sent again, without one only the truth is read.
fn unclear(dialect: Dialect, tries: u32, why: &str) -> Next {
    match dialect {
        Dialect::Holdpoint => again(Class::Unclear, tries, None, why),
        Dialect::Platform => Next::Become(unknown(why)),
    }
}

/// Once more, if its class has a try left; otherwise only looking can tell.
fn again(class: Class, tries: u32, asked_ms: Option<u64>, why: &str) -> Next {
    match class.retry().after_ms(tries, asked_ms) {
        Some(after_ms) => Next::Again { after_ms, class, why: why.to_owned() },
        None => Next::Become(unknown(why)),
    }
}

fn told(
    status: u16,
    slug: Option<Slug>,
    detail: &str,
    superseded: Option<&Superseded>,
    again: Again,
) -> Next {
    let Again { dialect, tries, left, retry_after_ms } = again;
    let end = |state, code| Next::Become(Turn::new(state, Some(code), detail));
    // These are said before the key is looked at, so they are no answer to a try that may have arrived (CONTRACT 1c).
    let before_the_key =
        matches!(slug, Some(Slug::NotAllowed | Slug::PolicyDenied | Slug::NotFound | Slug::RateLimited))
            || matches!(status, 401 | 403 | 404 | 408 | 425 | 429);
    let may_ask_again = matches!(slug, Some(Slug::RateLimited)) && tries < MOST_TRIES;
    if left == Left::Maybe && before_the_key && !may_ask_again {
        return Next::Become(unknown(detail));
    }
    match Class::of(slug, status) {
        // Nothing was taken, and after so many tries a person should know.
        Some(Class::RateLimited) if tries >= MOST_TRIES => return end(OutboxState::Refused, Code::Refused),
        Some(class) => return self::again(class, tries, retry_after_ms, detail),
        None => {}
    }
    match slug {
        Some(Slug::AlreadyDecided) => {
            let by = superseded.and_then(|superseded| superseded.by.as_deref());
            let detail = by.map_or_else(|| detail.to_owned(), |by| format!("{detail} (decided by {by})"));
            let turn = Turn::new(OutboxState::Conflict, Some(Code::AlreadyDecided), detail);
            Next::Become(Turn { superseded: superseded.cloned(), ..turn })
        }
        Some(Slug::Executing) => end(OutboxState::Conflict, Code::Executing),
        Some(Slug::ActionDecisionNeeded) => end(OutboxState::Conflict, Code::ActionDecisionNeeded),
        Some(Slug::NotAwaitingAction) => end(OutboxState::Conflict, Code::NotAwaitingAction),
        Some(Slug::NotRunning) => end(OutboxState::Conflict, Code::NotRunning),
        Some(Slug::DigestMismatch | Slug::Changed) => end(OutboxState::Changed, Code::Changed),
        Some(Slug::Expired) => end(OutboxState::Expired, Code::Expired),
        Some(Slug::NotAllowed | Slug::PolicyDenied) => end(OutboxState::Refused, Code::NotAllowed),
        Some(Slug::NotFound) => end(OutboxState::Refused, Code::NotFound),
        _ if status >= 500 => unclear(dialect, tries, detail),
        _ if status == 403 => end(OutboxState::Refused, Code::NotAllowed),
        _ if status == 404 => end(OutboxState::Refused, Code::NotFound),
        _ => end(OutboxState::Refused, Code::Refused),
    }
}

/// What a fresh look at the request says about a decision that is sent, acknowledged or unknown. `None`: nothing new.
pub fn observe(
    state: OutboxState,
    point: &Point,
    verdict: &Verdict,
    identity: &str,
    approval: &Approval,
) -> Option<Turn> {
    let certain = state == OutboxState::Acknowledged;
    let ours = certain || decider(point, approval).is_none_or(|by| by == identity);
    let observed = Turn::to(OutboxState::Observed);
    let conflict = || Turn {
        superseded: Some(superseded_by(approval)),
        ..Turn::new(OutboxState::Conflict, Some(Code::AlreadyDecided), rules::decided_by(approval))
    };
    match (&approval.status, verdict) {
        (Status::Pending | Status::Unrecognised(_), _) => None,
        (Status::Expired, _) if !certain => Some(Turn::new(
            OutboxState::Expired,
            Some(Code::Expired),
            "The request expired before it was decided.",
        )),
        // Taken back before anything is known of the decision: nothing says that it was taken.
        (Status::Withdrawn, _) if !certain => Some(conflict()),
        (Status::Paused, Verdict::Approve) => {
            let waits = approval.pending_approval_actions.first();
            let past = waits.is_some() && waits != point.action();
            past.then(|| if ours { observed } else { conflict() })
        }
        (Status::Paused, _) => None,
        (Status::Executing, Verdict::Approve) if !certain => {
            Some(if ours { Turn::to(OutboxState::Acknowledged) } else { conflict() })
        }
        (Status::Executing, Verdict::Reject { .. }) if !certain => Some(conflict()),
        (Status::Executing, _) => None,
        // An approve that was taken may be followed by a reject at a later pause.
        (Status::Rejected, Verdict::Approve) if !certain => Some(conflict()),
        (Status::Rejected, _) if ours => Some(observed),
        (Status::Completed | Status::Failed, Verdict::Reject { .. }) => Some(conflict()),
        _ if ours => Some(observed),
        _ => Some(conflict()),
    }
}

/// Who decided this point, as far as it is told: of an action its own approver, otherwise the request's last one.
fn decider<'a>(point: &Point, approval: &'a Approval) -> Option<&'a str> {
    let of_action = point.action().and_then(|id| approval.execution_state.get(id)?.approved_by.as_deref());
    of_action.or(approval.decided_by.as_deref())
}

/// Who decided instead, as the request tells it.
pub fn superseded_by(approval: &Approval) -> Superseded {
    Superseded {
        by: approval.decided_by.clone(),
        at: approval.decided_at,
        verdict: Some(approval.status.to_string()),
    }
}

/// Does a request alone not tell whether this decision was taken before it ended otherwise? Then its key is asked: on a
/// request that has ended the gateway repeats its answer to the key, or refuses, and does nothing anew (CONTRACT 1c).
pub fn only_the_key_tells(state: OutboxState, left: Left, turn: &Turn, approval: &Approval) -> bool {
    let unsure = left == Left::Maybe && matches!(state, OutboxState::Sent | OutboxState::Unknown);
    let denied = matches!(turn.state, OutboxState::Conflict | OutboxState::Expired);
    unsure && denied && !approval.status.is_open()
}

/// Was it not taken? The call failed, and the request still stands open where it stood (rule 4).
pub fn not_taken(
    state: OutboxState,
    point: &Point,
    verdict: &Verdict,
    approval: &Approval,
    since_failure_ms: u64,
) -> Option<Turn> {
    let stands = match (&approval.status, point) {
        (Status::Pending, _) => true,
        // A reject or a stop would have ended the pause.
        (Status::Paused, _) if !matches!(verdict, Verdict::Approve) => true,
        (Status::Paused, Point::Action(id)) => approval.pending_approval_actions.first() == Some(id),
        _ => false,
    };
    (state == OutboxState::Unknown && stands && since_failure_ms >= NOT_TAKEN_AFTER_MS).then(|| {
        Turn::new(
            OutboxState::NotTaken,
            Some(Code::NotTaken),
            "The call failed and the request still stands open: the decision was not taken. Nothing is re-sent by itself; decide again if you still want to.",
        )
    })
}

/// Puts the results of `fresh` over those of `known`, action by action, keeping the order of first sight.
pub fn merge_results(known: &mut Vec<ActionResult>, fresh: &[ActionResult]) {
    for result in fresh {
        match known.iter_mut().find(|old| old.action_id == result.action_id) {
            Some(old) => *old = result.clone(),
            None => known.push(result.clone()),
        }
    }
}

/// Adds what only `execution_state` tells: actions without a result of their own, in the request's order.
pub fn merge_missing(known: &mut Vec<ActionResult>, approval: &Approval) {
    for id in &approval.action_ids {
        if known.iter().any(|result| &result.action_id == id) {
            continue;
        }
        let (success, word) = match approval.execution_state.get(id) {
            Some(state) if state.executed => (state.success, None),
            _ if approval.status.is_open() => continue,
            _ => (None, Some("skipped".to_owned())),
        };
        known.push(ActionResult { action_id: id.clone(), success, status: word, ..ActionResult::default() });
    }
    let place = |id: &domain::ActionId| {
        approval.action_ids.iter().position(|other| other == id).unwrap_or(usize::MAX)
    };
    known.sort_by_key(|result| place(&result.action_id));
}

#[cfg(test)]
mod tests;
