//! Who may decide what, and what that covers: pure judgement over a request read just now (rules 3, 6, 8).
//! The gateway judges again; this keeps what cannot succeed, or was not seen, from leaving at all.

use crate::command::{Code, Refused};
use chrono::{DateTime, Utc};
use client::{Dialect, Rights};
use domain::law::{self, Input, State};
use domain::{ActionId, Approval, Digest, Point, RenderedAction, Risk, Verdict};

/// A decision to be judged.
#[derive(Clone, Debug)]
pub struct Asked<'a> {
    /// The request as the gateway has it now.
    pub approval: &'a Approval,
    /// What kind of gateway.
    pub dialect: Dialect,
    /// What this account may do in that pipeline.
    pub rights: Rights,
    /// Who decides (rule 8).
    pub identity: &'a str,
    /// The request, or one action.
    pub point: &'a Point,
    /// What shall happen.
    pub verdict: &'a Verdict,
    /// What the person saw.
    pub shown: Option<&'a Digest>,
    /// Now, by the gateway's clock. `None`: it has not told its time, and then its word on the status is all there is;
    /// the clock of this machine expires nothing (F34).
    pub now: Option<DateTime<Utc>>,
}

/// A decision that may be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judged {
    /// Of the request as it is now, computed here.
    pub digest: Digest,
    /// What runs before anybody is asked again.
    pub covers: Vec<ActionId>,
    /// The service to be typed: that of the first high-risk action covered.
    pub target: Option<String>,
}

/// May it be decided so?
pub fn judge(asked: &Asked<'_>) -> Result<Judged, Refused> {
    known_action(asked)?;
    lawful(asked)?;
    possible_here(asked)?;
    allowed(asked)?;
    reasoned(asked)?;
    let digest = same_as_shown(asked)?;
    let covers = match asked.verdict {
        Verdict::Approve => covered(asked.approval, asked.point, asked.dialect),
        Verdict::Reject { .. } | Verdict::Stop { .. } => Vec::new(),
    };
    let target = covers.iter().find(|rendered| rendered.action.risk_level == Risk::High);
    let target = target.map(|rendered| target_name(rendered).to_owned());
    let covers = covers.into_iter().map(|rendered| rendered.action.action_id.clone()).collect();
    Ok(Judged { digest, covers, target })
}

/// The name a person types for a high-risk action: its service, or its id where it has none.
pub fn target_name(rendered: &RenderedAction) -> &str {
    match rendered.action.service.as_str() {
        "" => rendered.action.action_id.as_str(),
        service => service,
    }
}

/// Does what was typed satisfy the decision? A superfluous name is fine if it names a service of the request.
pub fn typed_fits(
    judged_target: Option<&str>,
    typed: Option<&str>,
    approval: &Approval,
) -> Result<(), Refused> {
    match (judged_target, typed) {
        (None, None) => Ok(()),
        (Some(target), Some(typed)) if typed == target => Ok(()),
        (None, Some(typed)) if approval.actions.iter().any(|rendered| target_name(rendered) == typed) => {
            Ok(())
        }
        (Some(target), None) => Err(Refused::new(
            Code::TargetNeeded,
            format!(
                "This decision covers a high-risk action on {target}: name the target to confirm it (`--target {target}`). Nothing was sent."
            ),
        )),
        (Some(target), Some(typed)) => Err(Refused::new(
            Code::TargetNeeded,
            format!("The target is {target}, not {typed}. Nothing was sent."),
        )),
        (None, Some(typed)) => Err(Refused::new(
            Code::TargetNeeded,
            format!(
                "No action of this request acts on {typed}. Check that it is the request you mean; nothing was sent."
            ),
        )),
    }
}

/// The actions that an approve of what waits now would start. A gateway without digests is the platform.
pub fn next_covered(approval: &Approval) -> Vec<ActionId> {
    let dialect = if approval.digest.is_some() { Dialect::Holdpoint } else { Dialect::Platform };
    let point = match approval.pending_approval_actions.first() {
        Some(action) => Point::Action(action.clone()),
        None => Point::Request,
    };
    let covered = covered(approval, &point, dialect);
    covered.into_iter().map(|rendered| rendered.action.action_id.clone()).collect()
}

/// The actions an approve starts before anybody is asked again.
fn covered<'a>(approval: &'a Approval, point: &Point, dialect: Dialect) -> Vec<&'a RenderedAction> {
    let gated = |rendered: &RenderedAction| match dialect {
        Dialect::Holdpoint => rendered.action.gated(),
        // The platform pauses only where the entry, or the request itself, says so.
        Dialect::Platform => {
            rendered.action.requires_approval
                || approval
                    .execution_state
                    .get(&rendered.action.action_id)
                    .is_some_and(|state| state.requires_approval)
        }
    };
    let mut rest = approval.actions.iter();
    let mut covers = Vec::new();
    if let Point::Action(id) = point {
        covers.extend(rest.by_ref().find(|rendered| &rendered.action.action_id == id));
    }
    covers.extend(rest.take_while(|rendered| !gated(rendered)));
    covers
}

fn known_action(asked: &Asked<'_>) -> Result<(), Refused> {
    match asked.point {
        Point::Action(id) if asked.approval.action(id).is_none() => Err(Refused::new(
            Code::NotFound,
            format!(
                "Request {} has no action {id}. `holdctl show {0}` lists its actions.",
                asked.approval.request_id
            ),
        )),
        _ => Ok(()),
    }
}

fn lawful(asked: &Asked<'_>) -> Result<(), Refused> {
    let approval = asked.approval;
    let Some(state) = approval.state() else {
        return Err(Refused::new(
            Code::NotPossibleHere,
            format!(
                "Request {} has the status \"{}\", which this build does not know: it cannot be decided here.",
                approval.request_id, approval.status
            ),
        ));
    };
    let input = match (asked.verdict, asked.point) {
        (Verdict::Approve, Point::Request) => Input::ApproveRequest,
        (Verdict::Approve, Point::Action(id)) => Input::ApproveAction(id.clone()),
        (Verdict::Reject { .. }, _) => Input::Reject,
        (Verdict::Stop { .. }, _) => Input::Stop,
    };
    let due = approval.expires_at.zip(asked.now).is_some_and(|(at, now)| at <= now);
    let state =
        if due && matches!(state, State::Pending | State::Paused(_)) { State::Expired } else { state };
    law::step(&state, &input).map(|_| ()).map_err(|refusal| explain(refusal, asked, &state))
}

fn explain(refusal: law::Refusal, asked: &Asked<'_>, state: &State) -> Refused {
    let approval = asked.approval;
    let id = &approval.request_id;
    let (code, message) = match refusal {
        law::Refusal::AlreadyDecided => {
            (Code::AlreadyDecided, format!("{} Nothing was sent.", decided_by(approval)))
        }
        law::Refusal::Expired => {
            let at = approval
                .expires_at
                .map(|at| format!(" at {}", at.format("%H:%M:%S UTC")))
                .unwrap_or_default();
            (
                Code::Expired,
                format!("Request {id} expired{at}: it cannot be decided any more. Nothing was sent."),
            )
        }
        law::Refusal::Executing => {
            let by =
                approval.decided_by.as_deref().map(|by| format!(", approved by {by}")).unwrap_or_default();
            let stop = match asked.dialect {
                Dialect::Holdpoint => format!("; `holdctl stop {id}` stops it"),
                Dialect::Platform => String::new(),
            };
            (Code::Executing, format!("Request {id} is executing{by}. Nothing was sent{stop}."))
        }
        law::Refusal::ActionDecisionNeeded => {
            let action = approval.pending_approval_actions.first().map(ActionId::as_str).unwrap_or_default();
            let message = format!(
                "Request {id} waits for a decision on its action {action}: decide that action (`--action {action}`). Nothing was sent."
            );
            (Code::ActionDecisionNeeded, message)
        }
        law::Refusal::NotAwaitingAction => {
            let waits = match state {
                State::Paused(action) => format!("it waits for {action}"),
                _ => "it waits for a decision on the whole request".to_owned(),
            };
            (
                Code::NotAwaitingAction,
                format!("That action of {id} is not waiting for a decision: {waits}. Nothing was sent."),
            )
        }
        law::Refusal::NotRunning => (
            Code::NotRunning,
            format!("Request {id} is not running ({}): there is nothing to stop.", approval.status),
        ),
    };
    Refused::new(code, message)
}

/// Names the one who decided (rule 6).
pub fn decided_by(approval: &Approval) -> String {
    let by = approval.decided_by.as_deref().unwrap_or("someone the gateway does not name");
    let at = approval
        .decided_at
        .map(|at| format!(" at {}", at.format("%Y-%m-%d %H:%M:%S UTC")))
        .unwrap_or_default();
    format!("Request {} has already been decided by {by}{at}: {}.", approval.request_id, approval.status)
}

fn possible_here(asked: &Asked<'_>) -> Result<(), Refused> {
    if asked.dialect == Dialect::Holdpoint {
        return Ok(());
    }
    let paused = matches!(asked.approval.state(), Some(State::Paused(_)));
    let what = match asked.verdict {
        Verdict::Stop { .. } => "stopped",
        Verdict::Reject { .. } if paused => "rejected while it is paused",
        _ => return Ok(()),
    };
    Err(Refused::new(
        Code::NotPossibleHere,
        format!("On this gateway a request cannot be {what}. Nothing was sent."),
    ))
}

fn allowed(asked: &Asked<'_>) -> Result<(), Refused> {
    if asked.rights == Rights::Look {
        return Err(Refused::new(
            Code::NotAllowed,
            format!(
                "{} may look at {} but not decide there. Nothing was sent.",
                asked.identity, asked.approval.pipeline_id
            ),
        ));
    }
    let own = asked.approval.requested_by.as_deref() == Some(asked.identity);
    if own && matches!(asked.verdict, Verdict::Approve) {
        return Err(Refused::new(
            Code::NotAllowed,
            format!(
                "{} asked for this request and cannot approve it: someone else has to. Nothing was sent.",
                asked.identity
            ),
        ));
    }
    Ok(())
}

fn reasoned(asked: &Asked<'_>) -> Result<(), Refused> {
    match asked.verdict.reason() {
        Some(reason) if !law::is_reason(reason) => Err(Refused::new(
            Code::Usage,
            "A reason needs at least three letters or digits. Nothing was sent.",
        )),
        _ => Ok(()),
    }
}

/// Rule 3: what was shown, what is there now and what the gateway says it is must be one and the same.
fn same_as_shown(asked: &Asked<'_>) -> Result<Digest, Refused> {
    let id = &asked.approval.request_id;
    let computed = asked.approval.computed_digest();
    if asked.approval.digest.as_ref().is_some_and(|told| *told != computed) {
        return Err(Refused::new(
            Code::Changed,
            format!(
                "What arrived here of request {id} is not what the gateway holds: its digest does not fit. Nothing was sent. Check the way to the gateway before deciding."
            ),
        ));
    }
    match (asked.shown, asked.verdict) {
        (Some(shown), _) if *shown == computed => Ok(computed),
        (Some(_), _) => Err(Refused::new(
            Code::Changed,
            format!(
                "Request {id} is no longer what was shown (it is at revision {}). Nothing was sent; look again with `holdctl show {id}`.",
                asked.approval.revision
            ),
        )),
        (None, Verdict::Approve) => Err(Refused::new(
            Code::Changed,
            format!(
                "Request {id} has not been shown here yet. Nothing was sent; look first with `holdctl show {id}`."
            ),
        )),
        (None, _) => Ok(computed),
    }
}

#[cfg(test)]
mod tests;
