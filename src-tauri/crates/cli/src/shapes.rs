//! JSON shapes of holdctl: CONTRACT 1 objects, whatever the gateway's dialect, with what only the console knows beside
//! them (`as_of`, `source`, `outcome`).

use crate::exit::Stop;
use chrono::{DateTime, SecondsFormat, Utc};
use domain::registry::ErrorMapping;
use domain::{ActionResult, Approval, Digest, PipelineId, RemediationAction};
use engine::command::{Dated, Source};
use engine::view::GatewayView;
use serde::Serialize;
use serde_json::{Value, json};
use store::{HistoryEntry, StoredEvent};

/// A serialisable value as JSON.
fn value(of: &impl Serialize) -> Value {
    // Types of this house with string keys: serialisation cannot fail.
    serde_json::to_value(of).unwrap_or_default()
}

/// RFC 3339 in UTC.
pub(crate) fn time(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::AutoSi, true)
}

/// Marks an object with its age and source.
fn dated<T>(mut object: Value, list: &Dated<T>) -> Value {
    object["as_of"] = json!(time(list.as_of));
    object["source"] = match &list.source {
        Source::Gateway => json!("gateway"),
        Source::Cache { .. } => json!("cache"),
    };
    object
}

/// What a person reads beside a cached answer.
pub(crate) fn cached_note(why: &str, as_of: DateTime<Utc>) -> String {
    format!("From the local cache, as of {}: {why}", as_of.format("%Y-%m-%d %H:%M:%S UTC"))
}

/// A request, with the digest of what is printed.
pub(crate) fn approval(approval: &Approval, digest: &Digest) -> Value {
    let mut object = value(approval);
    if let Some(told) = approval.digest.as_ref().filter(|told| *told != digest) {
        object["gateway_digest"] = json!(told);
    }
    object["digest"] = json!(digest);
    object
}

/// `pending`.
pub(crate) fn pending(list: &Dated<Vec<Approval>>) -> Value {
    let digest = |one: &Approval| match list.source {
        Source::Gateway => one.computed_digest(),
        Source::Cache { .. } => one.digest.clone().unwrap_or_else(|| one.computed_digest()),
    };
    let approvals: Vec<Value> = list.value.iter().map(|one| approval(one, &digest(one))).collect();
    dated(json!({"status": "success", "count": approvals.len(), "pending_approvals": approvals}), list)
}

/// `show`.
pub(crate) fn show(found: &Dated<Approval>, digest: &Digest) -> Value {
    dated(approval(&found.value, digest), found)
}

/// `runbooks show`.
pub(crate) fn action<T>(pipeline: &PipelineId, action: &RemediationAction, list: &Dated<T>) -> Value {
    let mut object = value(action);
    object["pipeline_id"] = json!(pipeline);
    dated(object, list)
}

/// `runbooks list`.
pub(crate) fn actions(list: &Dated<Vec<(PipelineId, RemediationAction)>>) -> Value {
    let of = |(pipeline, action): &(PipelineId, RemediationAction)| {
        let mut object = value(action);
        object["pipeline_id"] = json!(pipeline);
        object
    };
    let actions: Vec<Value> = list.value.iter().map(of).collect();
    dated(json!({"total": actions.len(), "actions": actions}), list)
}

/// `mappings list`.
pub(crate) fn mappings(list: &Dated<Vec<(PipelineId, ErrorMapping)>>) -> Value {
    let of = |(pipeline, mapping): &(PipelineId, ErrorMapping)| {
        let mut object = value(mapping);
        object["pipeline_id"] = json!(pipeline);
        object
    };
    let mappings: Vec<Value> = list.value.iter().map(of).collect();
    dated(json!({"total": mappings.len(), "mappings": mappings}), list)
}

/// `status`.
pub(crate) fn status(gateway: &GatewayView, open: usize, owns: bool) -> Value {
    json!({
        "gateway": gateway.origin,
        "gateway_id": gateway.id,
        "account": gateway.account,
        "connection": connection(gateway),
        "open": open,
        "as_of": gateway.as_of.map(time),
        "engine": if owns { "own" } else { "shared" },
    })
}

/// A connection state, for programs and for people.
fn connection(gateway: &GatewayView) -> Value {
    let mut object = value(&gateway.connection);
    object["sentence"] = json!(gateway.connection.to_string());
    object
}

/// A line of `watch` about the connection.
pub(crate) fn connection_line(gateway: &GatewayView, at: DateTime<Utc>) -> Value {
    json!({"event": "connection", "at": time(at), "gateway": gateway.origin, "data": connection(gateway)})
}

/// A line of `watch` about an event: the event as it came, secrets redacted.
pub(crate) fn event_line(event: &StoredEvent) -> Value {
    let mut object = event.raw.clone();
    if object.get("at").is_none_or(Value::is_null) {
        object["at"] = json!(time(event.at));
    }
    object
}

/// A result with its outcome by rule 12.
pub(crate) fn result(result: &ActionResult) -> Value {
    let mut object = value(result);
    object["outcome"] = json!(result.outcome());
    object
}

/// `history search`.
pub(crate) fn history(query: &str, found: &[HistoryEntry]) -> Value {
    let entries: Vec<Value> = found.iter().map(entry).collect();
    json!({"query": query, "count": entries.len(), "entries": entries})
}

/// One record of the history.
pub(crate) fn entry(entry: &HistoryEntry) -> Value {
    match entry {
        HistoryEntry::Event(event) => json!({
            "kind": "event", "at": time(event.at), "row": event.row, "gateway_id": event.gateway,
            "request_id": event.request, "pipeline_id": event.pipeline, "title": event.title, "event": event.raw,
        }),
        HistoryEntry::Decision { row, error_message } => json!({
            "kind": "decision", "at": time(row.created_at), "changed_at": time(row.changed_at),
            "decision": row.decision, "gateway_id": row.key.gateway, "request_id": row.key.request,
            "pipeline_id": row.pipeline, "action_id": row.point.action(), "verdict": row.verdict.word(),
            "reason": row.verdict.reason(), "identity": row.identity, "digest": row.digest,
            "state": row.state, "status": row.status, "detail": row.detail, "superseded": row.superseded,
            "error_message": error_message,
            "execution_results": row.results.iter().map(result).collect::<Vec<_>>(),
        }),
    }
}

/// One check of `doctor`.
pub(crate) fn check(name: &str, verdict: &str, says: &str) -> Value {
    json!({"check": name, "verdict": verdict, "says": says})
}

/// A stop as JSON, for `doctor`'s list.
pub(crate) fn stop(stop: &Stop) -> Value {
    json!({"code": stop.code, "message": stop.message})
}
