//! Remediate (CONTRACT 1a): an error is matched, judged, and either runs, is only suggested, or asks a person.

use super::record::{self, Happening, members};
use super::{Place, Taken, once, rerender, respond, state};
use crate::core::App;
use crate::db::approvals::{self, Entry};
use crate::db::idempotency::Claim;
use crate::db::write::Write;
use crate::db::{actions, mappings};
use crate::executor;
use crate::fault::Fault;
use crate::matching;
use domain::law::{self, Asking, Input, Judgement};
use domain::registry::{ErrorMapping, RemediationResponse, RemediationStatus};
use domain::{ActionId, Approval, Confidence, Mode, RemediationAction, RequestId, Status};
use protocol::frame::ApprovalKind;
use protocol::problem::Slug;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// Longest error text in bytes: it has to fit into an event with the rest.
const ERROR_LIMIT: usize = 32 * 1024;

/// What a monitor reports.
pub(crate) struct Report {
    pub(crate) error: String,
    pub(crate) context: Map<String, Value>,
}

/// What the error came nearest to.
struct Near {
    mapping: ErrorMapping,
    distance: f64,
}

/// Takes a report.
pub(crate) async fn raise(
    app: &App,
    place: Place<'_>,
    report: &Report,
    claim: Option<&Claim>,
) -> Result<Taken, Fault> {
    if app.closing.is_cancelled() {
        return Err(
            Fault::new(Slug::Unavailable, "The gateway is closing; nothing was raised.").retry_after(5)
        );
    }
    let known = mappings::all(&mut *app.db.read.acquire().await?, &place.workflow.id).await?;
    let near = matching::nearest(&report.error, &known)
        .map(|found| Near { mapping: found.mapping.clone(), distance: found.distance });
    let mut write = app.write().await?;
    if let Some(taken) = once::earlier(&mut write, claim).await? {
        write.commit().await?;
        return Ok(taken);
    }
    let entry = match judge(app, &mut write, place, report, near).await {
        Err(fault) => return Err(once::refuse(write, claim, None, fault).await),
        Ok(Judged::Answer(response)) => {
            let reply = respond::reply(200, &response);
            once::keep(&mut write, claim, None, Some(&reply)).await?;
            write.commit().await?;
            return Ok(Taken::Answered(reply));
        }
        Ok(Judged::Entry(entry)) => entry,
    };
    let id = entry.approval.request_id.clone();
    if entry.approval.status == Status::Executing {
        once::keep(&mut write, claim, Some(&id), None).await?;
        write.commit().await?;
        executor::start(app, id.clone());
        return Ok(Taken::Running(id));
    }
    let reply = respond::reply(200, &respond::response(&entry.approval, &[]));
    once::keep(&mut write, claim, Some(&id), Some(&reply)).await?;
    write.commit().await?;
    app.expiry_moved.notify_one();
    Ok(Taken::Answered(reply))
}

enum Judged {
    Answer(Box<RemediationResponse>),
    Entry(Box<Entry>),
}

async fn judge(
    app: &App,
    write: &mut Write,
    place: Place<'_>,
    report: &Report,
    near: Option<Near>,
) -> Result<Judged, Fault> {
    if report.error.trim().is_empty() || report.error.len() > ERROR_LIMIT {
        return Err(Fault::invalid(format!("The error must be a text of 1 to {ERROR_LIMIT} bytes.")));
    }
    let mut answer = blank(report, near.as_ref());
    let Some(near) = near else {
        answer.message = Some("No mapping is near this error; nothing was done.".to_owned());
        return Ok(Judged::Answer(Box::new(answer)));
    };
    let mut found = Vec::new();
    let mut missing: Vec<&ActionId> = Vec::new();
    for id in &near.mapping.actions {
        match actions::one(write.conn(), &place.workflow.id, id.as_str()).await? {
            Some(action) => found.push(action),
            None => missing.push(id),
        }
    }
    let asking = if place.workflow.always_ask { Asking::Always } else { Asking::WhenNeeded };
    let judgement = law::judge(Some(near.distance), &found.iter().collect::<Vec<_>>(), asking);
    match judgement {
        Judgement::NoMatch => Ok(Judged::Answer(Box::new(answer))),
        Judgement::LowConfidence => {
            answer.status = RemediationStatus::LowConfidence;
            answer.message =
                Some("The nearest mapping is too far to act on; it is only a suggestion.".to_owned());
            answer.suggestion = Some(json!({"error": near.mapping.error, "actions": near.mapping.actions,
                "description": near.mapping.description, "distance": near.distance}));
            Ok(Judged::Answer(Box::new(answer)))
        }
        _ if !missing.is_empty() || found.is_empty() => {
            answer.status = RemediationStatus::ActionsNotFound;
            answer.message =
                Some("The mapping names actions that are not registered; nothing was done.".to_owned());
            answer.suggestion = Some(json!({"missing_actions": missing}));
            Ok(Judged::Answer(Box::new(answer)))
        }
        Judgement::Execute | Judgement::Ask(_) => {
            let entry = open(app, write, place, report, (&near, &found), judgement).await?;
            Ok(Judged::Entry(Box::new(entry)))
        }
    }
}

/// Writes a new entry: waiting for a person, or running already.
async fn open(
    app: &App,
    write: &mut Write,
    place: Place<'_>,
    report: &Report,
    (near, found): (&Near, &[RemediationAction]),
    judgement: Judgement,
) -> Result<Entry, Fault> {
    let rendered: Result<Vec<_>, Fault> =
        found.iter().map(|action| rerender::render(action, &report.context)).collect();
    let mode = if let Judgement::Ask(mode) = judgement { mode } else { Mode::Request };
    let mut approval = Approval {
        request_id: RequestId(write.new_id("APR-")),
        pipeline_id: place.workflow.id.as_str().into(),
        revision: 1,
        mode,
        error_message: report.error.clone(),
        matched_error: Some(near.mapping.error.clone()),
        description: near.mapping.description.clone(),
        distance: Some(near.distance),
        confidence: Some(Confidence::of(near.distance)),
        action_ids: near.mapping.actions.clone(),
        actions: rendered?,
        status: Status::Pending,
        digest: None,
        created_at: Some(write.now()),
        expires_at: Some(state::deadline(write.now(), app.config.approval_ttl_s)),
        requested_by: Some(place.caller.email.clone()),
        decided_by: None,
        decided_at: None,
        rejection_reason: None,
        current_action_index: 0,
        execution_state: BTreeMap::new(),
        pending_approval_actions: Vec::new(),
        links: links(&report.context),
        extra: Map::new(),
    };
    for action in found {
        let state = approval.execution_state.entry(action.action_id.clone()).or_default();
        state.requires_approval = action.gated();
    }
    let digest = approval.computed_digest();
    approval.digest = Some(digest.clone());
    let mut entry = Entry { approval, context: report.context.clone(), stop: None };
    let by_itself = judgement == Judgement::Execute;
    if by_itself {
        let next = law::step(&state::of(&entry), &Input::ApproveRequest)?;
        let now = write.now();
        state::enter(&mut entry, &next, now, app.config.approval_ttl_s);
    }
    approvals::insert(write.conn(), &entry).await?;
    approvals::add_digest(write.conn(), &entry.approval.request_id, 1, &digest).await?;
    let (kind, action) = if by_itself {
        (ApprovalKind::ApprovalChanged, "execute")
    } else {
        (ApprovalKind::ApprovalRequired, "raise")
    };
    let more = members([("why", json!(if by_itself { "executing" } else { "raised" }))]);
    let happening = Happening { kind, actor: &place.caller.email, action, more };
    record::tell(write, &entry.approval, place.workflow, happening).await?;
    Ok(entry)
}

fn blank(report: &Report, near: Option<&Near>) -> RemediationResponse {
    let mut extra = Map::new();
    extra.insert("distance".to_owned(), json!(near.map(|near| near.distance)));
    RemediationResponse {
        status: RemediationStatus::NoMatch,
        error: Some(report.error.clone()),
        matched_error: near.map(|near| near.mapping.error.clone()),
        confidence: near.map(|near| Confidence::of(near.distance)),
        actions_executed: Some(0),
        execution_results: Some(Vec::new()),
        overall_success: None,
        message: None,
        request_id: None,
        suggestion: None,
        extra,
    }
}

/// `runbook_url` and `links` of the report's context. Hostile text: the console opens them only by a person's click.
fn links(context: &Map<String, Value>) -> BTreeMap<String, Value> {
    let mut links: BTreeMap<String, Value> = BTreeMap::new();
    if let Some(Value::Object(given)) = context.get("links") {
        links.extend(given.iter().map(|(name, link)| (name.clone(), link.clone())));
    }
    if let Some(link @ Value::String(_)) = context.get("runbook_url") {
        links.insert("runbook_url".to_owned(), link.clone());
    }
    links
}
