//! Decisions on their way out: onto disk, forward on disk, onto the wire (rules 1, 4, 10).

use super::reach::Reach;
use super::{Mail, Ports};
use crate::command::Refused;
use crate::effect::{CallId, Stored};
use crate::failure::{call_end, store_refused};
use crate::input::{Done, Input};
use crate::outbox::{CallEnd, Turn};
use crate::policy::{self, Policy};
use crate::view::DecisionView;
use domain::{ActionResult, Approval, DecisionId, OutboxState, Status};
use store::{Change, Decided, NewDecision, Opening};
use tokio::sync::mpsc;

/// Puts a confirmed decision on disk, with what was shown and its receipt, in one transaction.
pub(crate) fn decide(
    ports: Ports,
    mail: mpsc::Sender<Mail>,
    call: CallId,
    row: Box<DecisionView>,
    shown: Box<Approval>,
    typed: Option<String>,
) {
    tokio::spawn(async move {
        let new = NewDecision {
            decision: row.id,
            key: row.key.clone(),
            point: row.point.clone(),
            pipeline: row.pipeline.clone(),
            verdict: row.verdict.clone(),
            digest: row.digest.clone(),
            identity: row.identity.clone(),
            opening: match row.state {
                OutboxState::Held => Opening::Held,
                _ => Opening::Queued,
            },
            typed,
        };
        let result = match ports.store.decide(&new, &shown).await {
            Ok(Decided::Opened(row)) => Ok(Stored::New(row.verdict)),
            Ok(Decided::Joined(other)) => Ok(Stored::Joined(Box::new(DecisionView::of_row(other)))),
            Err(error) => Err(store_refused(&error)),
        };
        let done = Done::Decided { call, decision: row.id, result };
        let _ = mail.send(Mail::Input(Input::Done(done))).await;
    });
}

/// Writes a row's next state with its receipt.
pub(crate) fn advance(
    ports: Ports,
    mail: mpsc::Sender<Mail>,
    decision: DecisionId,
    turn: Turn,
    status: Option<Status>,
    results: Vec<ActionResult>,
) {
    tokio::spawn(async move {
        let change = Change {
            next: turn.state,
            detail: turn.detail.clone(),
            status: status.map(|status| status.to_string()),
            results,
            superseded: turn.superseded.clone(),
        };
        let result: Result<(), Refused> =
            ports.store.advance(decision, &change).await.map(|_| ()).map_err(|error| store_refused(&error));
        let _ = mail.send(Mail::Input(Input::Done(Done::Advanced { decision, turn, result }))).await;
    });
}

/// Puts a decision on the wire, with its key and what was shown.
pub(crate) fn send(reach: Reach, row: Box<DecisionView>) {
    tokio::spawn(async move {
        let decide = client::Decide {
            decision: row.id,
            request: row.key.request.clone(),
            point: row.point.clone(),
            verdict: row.verdict.clone(),
            digest: row.digest.clone(),
            identity: row.identity.clone(),
        };
        let end = match reach.client.decide(&row.pipeline, &decide).await {
            Ok(taken) => CallEnd::Taken(Box::new(taken.response)),
            Err(failure) => call_end(&failure),
        };
        reach.done(Done::Sent { decision: row.id, end }).await;
    });
}

/// Keeps what a person has set about decisions.
pub(crate) fn keep_policy(ports: Ports, mail: mpsc::Sender<Mail>, call: CallId, policy: Policy) {
    tokio::spawn(async move {
        let kept = ports.store.keep_setting(policy::SETTING, &policy).await;
        let result = kept.map_err(|error| store_refused(&error));
        let _ = mail.send(Mail::Input(Input::Done(Done::PolicyKept { call, policy, result }))).await;
    });
}
