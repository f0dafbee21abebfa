//! From an event to what is stored and what it says about a request: pure. Event and cursor go to disk in one
//! transaction; only then is anything shown (rule 4 of the way of data, DESIGN 4).

use crate::input::Applied;
use chrono::{DateTime, Utc};
use client::{ApprovalKind, Document, Event};
use domain::{ActionResult, Approval, PipelineId, RequestId, Status};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use store::EventRow;

/// Does the event say which request it is about without holding it whole? Then it is read before it is stored.
pub(crate) fn must_read(event: &Event) -> Option<RequestId> {
    let kind = event.approval_kind()?;
    let whole = approval_in(event).is_some();
    let result_only = kind == ApprovalKind::ExecutionProgress;
    (!whole && !result_only).then(|| event.request_id().map(RequestId::from)).flatten()
}

/// The approval an event holds whole.
pub(crate) fn approval_in(event: &Event) -> Option<Approval> {
    ["data", "approval"].iter().find_map(|name| serde_json::from_value(event.data.get(*name)?.clone()).ok())
}

/// Puts a request that was read into its event, so that what is stored and printed is whole.
pub(crate) fn complete(event: &mut Event, approval: &Approval) {
    if let (Some(data), Ok(whole)) = (event.data.as_object_mut(), serde_json::to_value(approval)) {
        data.insert("data".to_owned(), whole);
    }
}

/// What an event says about its request, once it is on disk.
pub(crate) fn applied(event: &Event) -> Option<Applied> {
    event.approval_kind()?;
    let data = &event.data;
    let request = RequestId::from(event.request_id()?);
    let results = ["execution_results", "results"]
        .iter()
        .find_map(|name| serde_json::from_value::<Vec<ActionResult>>(data.get(*name)?.clone()).ok());
    let single =
        data.get("result").and_then(|result| serde_json::from_value::<ActionResult>(result.clone()).ok());
    let single = single.filter(|result| !result.action_id.as_str().is_empty());
    let status = data.get("status").and_then(|status| serde_json::from_value::<Status>(status.clone()).ok());
    Some(Applied {
        request,
        approval: approval_in(event),
        status: status.filter(|status| !matches!(status, Status::Unrecognised(_))),
        results: results.into_iter().flatten().chain(single).collect(),
        seq: event.seq,
    })
}

/// The row of an event in the local history.
pub(crate) fn row(event: &Event, epoch: &str, now: DateTime<Utc>) -> EventRow {
    let approval = approval_in(event);
    let kind = event.data_type().unwrap_or(&event.kind);
    let about = ["error_message", "title", "message", "name", "error"]
        .iter()
        .find_map(|name| event.data.get(*name).and_then(Value::as_str))
        .map(str::to_owned)
        .or_else(|| approval.as_ref().map(|approval| approval.error_message.clone()))
        .or_else(|| event.request_id().map(str::to_owned))
        .unwrap_or_default();
    let seq = event.seq.unwrap_or(0);
    EventRow {
        epoch: epoch.to_owned(),
        seq: i64::try_from(seq).unwrap_or(i64::MAX),
        topic: event.topic.clone().unwrap_or_default(),
        id: event.id.clone().unwrap_or_else(|| nameless(event)),
        kind: event.kind.clone(),
        subtype: event.data_type().map(str::to_owned),
        pipeline: event.pipeline_id().map(PipelineId::from),
        // Not this person's request, as far as it was found: if it turns out to be, it is announced then.
        request: event.request_id().filter(|_| !is_foreign(event)).map(RequestId::from),
        at: event.at.unwrap_or(now),
        title: format!("{kind}: {about}"),
        text: words(event, approval.as_ref()),
        raw: serde_json::to_value(event).unwrap_or_default(),
    }
}

/// Was the request it is about looked for in vain?
fn is_foreign(event: &Event) -> bool {
    event.data.get("seen_by_this_account") == Some(&Value::Bool(false))
}

/// The name of an event that has none: its place, or on a gateway without places what it says.
fn nameless(event: &Event) -> String {
    event.seq.map_or_else(|| format!("says:{}:{}", event.kind, mark(&event.data)), |seq| format!("seq:{seq}"))
}

/// Tells contents apart.
fn mark(value: &Value) -> String {
    hex::encode(&Sha256::digest(value.to_string())[..8])
}

/// What an event should be found by.
fn words(event: &Event, approval: Option<&Approval>) -> String {
    let mut words: Vec<String> = Vec::new();
    for name in [
        "by",
        "verdict",
        "reason",
        "rejection_reason",
        "action_id",
        "desc",
        "description",
        "level",
        "source",
        "status",
    ] {
        words.extend(event.data.get(name).and_then(Value::as_str).map(str::to_owned));
    }
    let document = event.data.get("document");
    for pointer in [
        "/title",
        "/desc",
        "/alert/action_executed_by",
        "/remediation_metadata/request_id",
        "/remediation_metadata/error_message",
    ] {
        let told = document.and_then(|document| document.pointer(pointer)).and_then(Value::as_str);
        words.extend(told.map(str::to_owned));
    }
    if let Some(approval) = approval {
        words.push(approval.error_message.clone());
        words.extend(approval.matched_error.clone());
        words.extend(approval.description.clone());
        words.extend(approval.decided_by.clone());
        words.extend(approval.rejection_reason.clone());
        for rendered in &approval.actions {
            words.push(rendered.action.action_id.to_string());
            words.push(rendered.action.service.clone());
            words.push(rendered.action.definition.clone());
        }
    }
    words.join(" ")
}

/// A platform document as an event: the same shape for both dialects. An approval's document takes its kind from the
/// request as read, for the document may lie (CONTRACT 3); `None`: nobody here may see that request.
pub(crate) fn from_document(
    document: &Document,
    approval: Option<&Approval>,
    before: Option<&Status>,
) -> Event {
    let told = document.value.pointer("/alert/status").and_then(Value::as_str).unwrap_or_default();
    let (id, data, topic) = match (&document.request, approval) {
        (Some(request), Some(approval)) => {
            let kind = kind_of(&approval.status, before, told);
            let data = json!({
                "type": kind.word(), "pipeline_id": approval.pipeline_id, "request_id": request,
                "data": approval, "document": without_system_pipeline(&document.value),
            });
            let stage = approval
                .pending_approval_actions
                .first()
                .map(|id| id.as_str().to_owned())
                .unwrap_or_default();
            let id = match kind {
                ApprovalKind::ApprovalRequired => Some(raised_id(approval)),
                _ => document.id.as_ref().map(|id| format!("{id}:{told}:{}:{stage}", approval.status)),
            };
            (id, data, Some(approval.pipeline_id.to_string()))
        }
        (Some(request), None) => {
            let data = json!({
                "request_id": request, "seen_by_this_account": false,
                "document": without_system_pipeline(&document.value),
            });
            (document.id.as_ref().map(|id| format!("{id}:{told}")), data, None)
        }
        (None, _) => {
            // The same document comes again when it changes: then it is another event.
            let id = document.id.as_ref().map(|id| format!("{id}:{}", mark(&document.value)));
            (id, document.value.clone(), document.pipeline.as_ref().map(ToString::to_string))
        }
    };
    Event { kind: document.message_type.clone(), seq: None, prev_seq: None, topic, id, at: document.at, data }
}

/// A request that became known without an event of its own (a snapshot, a list): the event its raising would have
/// been, so that history and watchers have it too.
pub(crate) fn from_snapshot(approval: &Approval) -> Event {
    Event {
        kind: "notification".to_owned(),
        seq: None,
        prev_seq: None,
        topic: Some(approval.pipeline_id.to_string()),
        id: Some(raised_id(approval)),
        at: approval.created_at,
        data: json!({
            "type": ApprovalKind::ApprovalRequired.word(), "pipeline_id": approval.pipeline_id,
            "request_id": approval.request_id, "data": approval,
        }),
    }
}

/// The raising of a request is one event, whether a frame or a list tells of it: it is stored and told once.
fn raised_id(approval: &Approval) -> String {
    format!("snapshot:{}:{}", approval.request_id, approval.revision)
}

/// The one pipeline id that every approval document carries says nothing about where it belongs.
fn without_system_pipeline(document: &Value) -> Value {
    let mut document = document.clone();
    if let Some(map) = document.as_object_mut() {
        map.remove("pipeline_id");
    }
    document
}

/// What kind of event a change to this status is. `told` is what the document says; one that is still pending repeats
/// the raising.
fn kind_of(status: &Status, before: Option<&Status>, told: &str) -> ApprovalKind {
    match status {
        Status::Pending if before.is_none() || told == "pending" => ApprovalKind::ApprovalRequired,
        Status::Pending | Status::Paused | Status::Unrecognised(_) => ApprovalKind::ApprovalChanged,
        Status::Executing | Status::Rejected | Status::Stopped => ApprovalKind::ApprovalDecided,
        Status::Completed | Status::Failed | Status::Interrupted => ApprovalKind::ExecutionCompleted,
        Status::Expired => ApprovalKind::ApprovalExpired,
        Status::Withdrawn => ApprovalKind::ApprovalWithdrawn,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(data: Value) -> Event {
        Event {
            kind: "notification".into(),
            seq: Some(4),
            prev_seq: Some(3),
            topic: Some("p".into()),
            id: Some("e4".into()),
            at: None,
            data,
        }
    }

    fn approval(status: &str) -> Value {
        json!({"request_id":"r","pipeline_id":"p","revision":1,"mode":"request","error_message":"boom",
            "action_ids":[],"actions":[],"status":status})
    }

    #[test]
    fn an_approval_that_was_left_out_is_read_before_it_is_stored() {
        let bare = event(json!({"type":"approval_required","request_id":"r","pipeline_id":"p"}));
        assert_eq!(must_read(&bare), Some("r".into()));
        let whole = event(json!({"type":"approval_required","request_id":"r","data":approval("pending")}));
        assert_eq!(must_read(&whole), None);
        let progress =
            event(json!({"type":"execution_progress","request_id":"r","result":{"action_id":"a"}}));
        assert_eq!(must_read(&progress), None);
        assert_eq!(must_read(&event(json!({"type":"something_new","request_id":"r"}))), None);
    }

    #[test]
    fn progress_brings_a_result_and_no_status_of_its_own() {
        let progress = event(
            json!({"type":"execution_progress","request_id":"r","result":{"action_id":"a","success":true}}),
        );
        let applied = applied(&progress).expect("about a request");
        assert_eq!(applied.results.len(), 1);
        assert!(applied.approval.is_none() && applied.status.is_none());
    }

    #[test]
    fn f13_events_without_name_or_place_are_told_apart_by_what_they_say() {
        let nameless = |data: Value| Event { seq: None, id: None, ..event(data) };
        let id = |event: &Event| row(event, "", DateTime::UNIX_EPOCH).id;
        let (one, other) = (nameless(json!({"title":"one"})), nameless(json!({"title":"other"})));
        assert_ne!(id(&one), id(&other));
        assert_eq!(id(&one), id(&nameless(json!({"title":"one"}))));
    }

    #[test]
    fn a_document_of_the_platform_that_changed_is_another_event() {
        let read = |status: &str| {
            let value = json!({"_id":"w1","message_type":"workflow","status":status});
            from_document(&Document::read(value), None, None).id
        };
        assert_ne!(read("running"), read("stopped"));
        assert_eq!(read("running"), read("running"));
    }

    #[test]
    fn an_unknown_kind_is_stored_raw_and_says_nothing_about_requests() {
        let odd = event(json!({"type":"weather","request_id":"r","rain":true}));
        assert!(applied(&odd).is_none());
        let row = row(&odd, "epoch", DateTime::UNIX_EPOCH);
        assert_eq!(row.raw["data"]["rain"], true);
        assert_eq!(row.subtype.as_deref(), Some("weather"));
    }

    #[test]
    fn a_lying_document_takes_its_kind_from_the_request_as_read() {
        let value = json!({"_id":"d","message_type":"notification","type":"alert","alert":{"status":"rejected"},
            "remediation_metadata":{"request_id":"r"}});
        let document = Document::read(value);
        let read: Approval = serde_json::from_value(approval("executing")).expect("an approval");
        let event = from_document(&document, Some(&read), Some(&Status::Pending));
        assert_eq!(event.data_type(), Some("approval_decided"));
        assert_eq!(event.data["data"]["status"], "executing");
    }
}
