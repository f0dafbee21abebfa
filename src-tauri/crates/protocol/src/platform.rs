//! The existing platform's shapes (CONTRACT 3): documents of its stream, its approvals joined with its registry.
//! What it does not tell is said to be untold, never guessed.

use crate::literal;
use crate::time::{self, Zoneless};
use chrono::{DateTime, Utc};
use domain::approval::{ActionState, Approval, Confidence, Mode, Status};
use domain::effect::{Effect, Known};
use domain::{ActionId, PipelineId, RemediationAction, RenderedAction, RequestId};
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// The pipeline id that every approval frame of the platform carries; it says nothing.
pub const SYSTEM_PIPELINE: &str = "runbook-system";

/// One document of the stream, made plain (no Extended JSON).
#[derive(Clone, Debug, PartialEq)]
pub struct Document {
    /// `_id`: the same document may be sent again with another state.
    pub id: Option<String>,
    /// `message_type`: notification, workflow, log, rca.
    pub message_type: String,
    /// `None` where it is missing or [`SYSTEM_PIPELINE`].
    pub pipeline: Option<PipelineId>,
    /// `timestamp` or `triggered_at`.
    pub at: Option<DateTime<Utc>>,
    /// The request, if it is about an approval. An alert without that metadata is a notice.
    pub request: Option<RequestId>,
    /// The whole document.
    pub value: Value,
}

impl Document {
    /// Reads a plain document; every field may be missing.
    pub fn read(value: Value) -> Self {
        let text = |name: &str| value.get(name).and_then(Value::as_str);
        let at = ["timestamp", "triggered_at", "last_updated"]
            .iter()
            .find_map(|name| value.get(*name).and_then(|told| time::instant(told, Zoneless::Utc)));
        Self {
            id: text("_id").map(str::to_owned),
            message_type: text("message_type").unwrap_or_default().to_owned(),
            pipeline: text("pipeline_id").filter(|id| *id != SYSTEM_PIPELINE).map(PipelineId::from),
            at,
            request: request_of(&value),
            value,
        }
    }
}

fn request_of(value: &Value) -> Option<RequestId> {
    let metadata = value.get("remediation_metadata")?;
    if value.get("type").and_then(Value::as_str) != Some("alert") {
        return None;
    }
    metadata.get("request_id").and_then(Value::as_str).filter(|id| !id.is_empty()).map(RequestId::from)
}

/// An approval as the platform's REST gives it.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct RawApproval {
    /// Its id.
    pub request_id: RequestId,
    #[serde(default)]
    error_message: Option<String>,
    #[serde(default)]
    matched_error: Option<String>,
    #[serde(default)]
    description: Option<String>,
    #[serde(default)]
    distance: Option<f64>,
    #[serde(default)]
    confidence: Option<String>,
    #[serde(default)]
    action_ids: Option<Vec<ActionId>>,
    #[serde(default)]
    status: Option<String>,
    #[serde(default)]
    approved_by: Option<String>,
    #[serde(default)]
    rejection_reason: Option<String>,
    #[serde(default)]
    current_action_index: Option<u64>,
    #[serde(default)]
    execution_state: Option<BTreeMap<ActionId, ActionState>>,
    #[serde(default)]
    pending_approval_actions: Option<Vec<ActionId>>,
    #[serde(flatten)]
    extra: Map<String, Value>,
}

/// A registry entry, and the same as it was read.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// What this build understands of it.
    pub action: RemediationAction,
    /// Every field, numbers as `{"n":"literal"}`.
    pub literal: Value,
}

/// Reads the registry: `{total, actions}` or a bare list. An entry that cannot be read is left out of the result and
/// counted, so that one bad entry does not hide the others.
pub fn entries(body: &str) -> Result<(Vec<Entry>, usize), serde_json::Error> {
    #[derive(Deserialize)]
    struct Wrapped<'a> {
        #[serde(borrow)]
        actions: Vec<&'a RawValue>,
    }
    let raw: Vec<&RawValue> = match body.trim_start().starts_with('[') {
        true => serde_json::from_str(body)?,
        false => serde_json::from_str::<Wrapped<'_>>(body)?.actions,
    };
    let mut bad = 0;
    let mut read = Vec::with_capacity(raw.len());
    for raw in raw {
        // The first parse bounds the depth, so that the second, which reads each level anew, cannot be made to labour.
        let action = serde_json::from_str::<RemediationAction>(raw.get());
        match action.and_then(|action| Ok((action, literal::with_literals(raw)?))) {
            Ok((mut action, literal)) => {
                action.version = 0;
                read.push(Entry { action, literal });
            }
            Err(_) => bad += 1,
        }
    }
    Ok((read, bad))
}

impl RawApproval {
    /// Joined with the registry: the domain's approval, with each effect undisclosed (CONTRACT 3).
    pub fn join(self, pipeline: &PipelineId, registry: &[Entry]) -> Approval {
        let mut execution_state = self.execution_state.unwrap_or_default();
        for state in execution_state.values_mut() {
            // Local time of a zone nobody told.
            state.approved_at = None;
        }
        let action_ids = self.action_ids.unwrap_or_default();
        let actions: Vec<RenderedAction> = action_ids.iter().map(|id| rendered(id, registry)).collect();
        let gated = execution_state.values().any(|state| state.requires_approval)
            || actions.iter().any(|rendered| rendered.action.requires_approval);
        let waiting = self.pending_approval_actions.unwrap_or_default();
        let mut extra = self.extra;
        for name in ["created_at", "approved_at", "pipeline_id", "revision", "mode", "actions", "digest"] {
            extra.remove(name);
        }
        let status = status(self.status.as_deref().unwrap_or("unknown"), &waiting);
        let decided = status != Status::Pending;
        Approval {
            request_id: self.request_id,
            pipeline_id: pipeline.clone(),
            revision: 0,
            mode: if gated { Mode::PerAction } else { Mode::Request },
            error_message: self.error_message.unwrap_or_default(),
            matched_error: self.matched_error,
            description: self.description,
            distance: self.distance,
            confidence: self.confidence.as_deref().and_then(confidence),
            action_ids,
            actions,
            status,
            digest: None,
            created_at: None,
            expires_at: None,
            requested_by: None,
            decided_by: self.approved_by.filter(|_| decided),
            decided_at: None,
            rejection_reason: self.rejection_reason,
            current_action_index: self.current_action_index.unwrap_or(0),
            execution_state,
            pending_approval_actions: waiting,
            links: BTreeMap::new(),
            extra,
        }
    }
}

/// An action of a request: its registry entry as read, or, where the registry has none, nothing but its name.
fn rendered(id: &ActionId, registry: &[Entry]) -> RenderedAction {
    let entry = registry.iter().find(|entry| &entry.action.action_id == id);
    let (action, literal) = match entry {
        Some(entry) => (entry.action.clone(), entry.literal.clone()),
        None => (missing(id), Value::Null),
    };
    let effect = Effect::Known(Known::Undisclosed { entry: literal });
    RenderedAction { action, arguments: BTreeMap::new(), effect }
}

fn missing(id: &ActionId) -> RemediationAction {
    RemediationAction {
        action_id: id.clone(),
        version: 0,
        method: String::new(),
        service: String::new(),
        definition: String::new(),
        requires_approval: false,
        risk_level: domain::Risk::High,
        validated: false,
        execution: Map::new(),
        parameters: BTreeMap::new(),
        secrets: Vec::new(),
        on_failure: domain::OnFailure::Stop,
        rollback: None,
        action_metadata: Map::new(),
        extra: Map::new(),
    }
}

/// The platform's words; `executing` with actions that wait is a pause.
fn status(word: &str, waiting: &[ActionId]) -> Status {
    match word {
        "pending" => Status::Pending,
        "executing" | "approved" if !waiting.is_empty() => Status::Paused,
        "executing" | "approved" => Status::Executing,
        "completed" | "executed" | "resolved" => Status::Completed,
        "failed" => Status::Failed,
        "rejected" => Status::Rejected,
        "expired" => Status::Expired,
        other => Status::Unrecognised(other.to_owned()),
    }
}

fn confidence(word: &str) -> Option<Confidence> {
    match word {
        "high" => Some(Confidence::High),
        "medium" => Some(Confidence::Medium),
        "low" => Some(Confidence::Low),
        _ => None,
    }
}

/// Reads a list that comes bare or under one of `names`; members that cannot be read are counted and left out.
pub fn list<T: for<'de> Deserialize<'de>>(
    body: &[u8],
    names: &[&str],
) -> Result<(Vec<T>, usize), serde_json::Error> {
    let items = match serde_json::from_slice(body)? {
        Value::Array(items) => items,
        Value::Object(mut map) => match names.iter().find_map(|name| map.remove(*name)) {
            Some(Value::Array(items)) => items,
            _ => return Err(serde::de::Error::custom(format!("no list named {}", names.join(" or ")))),
        },
        _ => return Err(serde::de::Error::custom("neither a list nor an object")),
    };
    let mut bad = 0;
    let mut read = Vec::with_capacity(items.len());
    for item in items {
        match serde_json::from_value(item) {
            Ok(item) => read.push(item),
            Err(_) => bad += 1,
        }
    }
    Ok((read, bad))
}
