//! Approve and reject (CONTRACT 1a-1c): judged, written and receipted in one transaction.

use super::guard::{self, Relation};
use super::record::{self, Happening, members};
use super::{Place, Reply, Taken, load, once, reason, respond, state};
use crate::core::App;
use crate::db::approvals::{self, Entry};
use crate::db::idempotency::Claim;
use crate::db::write::Write;
use crate::executor;
use crate::fault::Fault;
use chrono::SecondsFormat;
use domain::decision::{Point, Verdict};
use domain::law::{self, Input, Refusal, State};
use domain::{Digest, RequestId};
use protocol::frame::ApprovalKind;
use protocol::problem::Slug;
use serde_json::json;

/// What a person wants to be done with a request.
pub(crate) struct Ask {
    pub(crate) request_id: RequestId,
    pub(crate) point: Point,
    pub(crate) verdict: Verdict,
    /// What was shown to him (rule 3).
    pub(crate) shown: Option<Digest>,
}

/// When the caller wants his answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answering {
    /// When the run comes to rest.
    AtRest,
    /// At once (`Prefer: respond-async`).
    AtOnce,
}

/// Takes a decision. What it sets running goes on whatever becomes of the caller.
pub(crate) async fn decide(
    app: &App,
    place: Place<'_>,
    ask: &Ask,
    claim: Option<&Claim>,
    answering: Answering,
) -> Result<Taken, Fault> {
    if app.closing.is_cancelled() {
        return Err(
            Fault::new(Slug::Unavailable, "The gateway is closing; nothing was decided.").retry_after(5)
        );
    }
    let mut write = app.write().await?;
    if let Some(taken) = once::earlier(&mut write, claim).await? {
        write.commit().await?;
        return Ok(taken);
    }
    let entry = match apply(app, &mut write, place, ask).await {
        Ok(entry) => entry,
        Err(fault) => return Err(once::refuse(write, claim, Some(&ask.request_id), fault).await),
    };
    let id = &entry.approval.request_id;
    let runs = state::of(&entry) == State::Executing;
    let reply: Option<Reply> = match (runs, answering) {
        (true, Answering::AtRest) => None,
        (true, Answering::AtOnce) => Some(respond::accepted(&entry.approval)),
        (false, _) => Some(respond::reply(200, &respond::response(&entry.approval, &[]))),
    };
    once::keep(&mut write, claim, Some(id), reply.as_ref()).await?;
    write.commit().await?;
    if runs {
        executor::start(app, id.clone());
    }
    Ok(reply.map_or_else(|| Taken::Running(id.clone()), Taken::Answered))
}

/// The refusal as a problem that names who was first (F24).
pub(crate) fn refused(refusal: Refusal, entry: &Entry) -> Fault {
    let approval = &entry.approval;
    let verdict = state::verdict(&approval.status);
    let at = approval.decided_at.map(|at| at.to_rfc3339_opts(SecondsFormat::AutoSi, true));
    let fault = Fault::from(refusal).with("request_status", json!(approval.status));
    match refusal {
        Refusal::AlreadyDecided | Refusal::Executing => {
            let by = approval.decided_by.as_deref().unwrap_or(record::GATEWAY);
            let mut fault = fault.with("by", by).with("at", at.clone()).with("verdict", verdict);
            let when = at.unwrap_or_else(|| "an unknown time".to_owned());
            fault.problem.detail = format!(
                "Request {} is {}: {by} decided ({verdict}) at {when}.",
                approval.request_id, approval.status
            );
            fault
        }
        Refusal::Expired => {
            let expired = approval.expires_at.map(|at| at.to_rfc3339_opts(SecondsFormat::AutoSi, true));
            let mut fault = fault.with("expired_at", expired.clone());
            let when = expired.unwrap_or_else(|| "an unknown time".to_owned());
            fault.problem.detail = format!("Request {} expired at {when}.", approval.request_id);
            fault
        }
        Refusal::ActionDecisionNeeded | Refusal::NotAwaitingAction | Refusal::NotRunning => {
            fault.with("pending_approval_actions", json!(approval.pending_approval_actions))
        }
    }
}

async fn apply(app: &App, write: &mut Write, place: Place<'_>, ask: &Ask) -> Result<Entry, Fault> {
    let mut entry = load(write, place, &ask.request_id).await?;
    let approves = ask.verdict == Verdict::Approve;
    if approves && entry.approval.requested_by.as_deref() == Some(place.caller.email.as_str()) {
        return Err(Fault::not_allowed("Whoever raised a request cannot approve it. Ask someone else."));
    }
    if let Some(action) = ask.point.action().filter(|id| entry.approval.action(id).is_none()) {
        return Err(Fault::not_found("action of this request", action.as_str()));
    }
    if let Some(reason) = ask.verdict.reason() {
        reason::check(reason)?;
    }
    let input = match (&ask.verdict, &ask.point) {
        (Verdict::Approve, Point::Request) => Input::ApproveRequest,
        (Verdict::Approve, Point::Action(id)) => Input::ApproveAction(id.clone()),
        (Verdict::Reject { .. } | Verdict::Stop { .. }, _) => Input::Reject,
    };
    let next = law::step(&state::of(&entry), &input).map_err(|refusal| refused(refusal, &entry))?;
    check_digest(write, &entry, ask).await?;
    note(&mut entry, place, ask, write);
    let now = write.now();
    state::enter(&mut entry, &next, now, app.config.approval_ttl_s);
    let happening = Happening {
        kind: ApprovalKind::ApprovalDecided,
        actor: &place.caller.email,
        action: ask.verdict.word(),
        more: members([
            ("by", json!(place.caller.email)),
            ("verdict", json!(ask.verdict.word())),
            ("at", json!(now)),
            ("action_id", json!(ask.point.action())),
            ("reason", json!(ask.verdict.reason())),
            ("shown_digest", json!(ask.shown)),
        ]),
    };
    record::record(write, &entry, place.workflow, happening).await?;
    Ok(entry)
}

async fn check_digest(write: &mut Write, entry: &Entry, ask: &Ask) -> Result<(), Fault> {
    let approval = &entry.approval;
    let relation = match &ask.shown {
        None => None,
        Some(shown) if *shown == approval.computed_digest() => Some(Relation::Current),
        Some(shown) if approvals::had_digest(write.conn(), &approval.request_id, shown).await? => {
            Some(Relation::Earlier)
        }
        Some(_) => Some(Relation::Foreign),
    };
    let high_risk = ask.verdict == Verdict::Approve && guard::covers_high_risk(approval, &ask.point);
    guard::judge(relation, high_risk, approval)
}

/// Writes into the entry who decided what. The caller's own claim about himself is not looked at (rule 8, A13).
fn note(entry: &mut Entry, place: Place<'_>, ask: &Ask, write: &Write) {
    let approval = &mut entry.approval;
    approval.decided_by = Some(place.caller.email.clone());
    approval.decided_at = Some(write.now());
    approval.rejection_reason = ask.verdict.reason().map(str::to_owned);
    if let (Verdict::Approve, Point::Action(id)) = (&ask.verdict, &ask.point) {
        let state = approval.execution_state.entry(id.clone()).or_default();
        state.approved = true;
        state.approved_by = Some(place.caller.email.clone());
        state.approved_at = Some(write.now().to_rfc3339_opts(SecondsFormat::AutoSi, true));
    }
}
