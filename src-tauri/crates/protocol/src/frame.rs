//! WebSocket frames, both dialects, one decoder (CONTRACT 2, 3).

use crate::extended_json;
use crate::platform::Document;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// Head seq by topic.
pub type Topics = BTreeMap<String, u64>;

/// What a gateway says.
#[derive(Clone, Debug, PartialEq)]
pub enum ServerFrame {
    /// First frame of a gateway of ours.
    Hello(Hello),
    /// Resume is not possible: take a snapshot.
    Reset(Reset),
    /// All that was missed has been sent, up to this seq.
    Drained {
        /// The head.
        seq: u64,
    },
    /// Something happened.
    Event(Event),
    /// Rights changed.
    Access(Access),
    /// Who else is looking.
    Presence(Value),
    /// A restart is coming.
    GoingAway {
        /// When to come back.
        retry_after_ms: u64,
    },
    /// Answer to a ping.
    Pong,
    /// A platform document.
    Document(Box<Document>),
    /// JSON of no kind this build knows: stored and shown raw.
    Unknown(Value),
}

/// `hello`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Hello {
    /// 1.
    pub protocol: u32,
    /// The database's life.
    pub epoch: String,
    /// The newest seq.
    pub head_seq: u64,
    /// The oldest seq still kept.
    pub oldest_seq: u64,
    /// Head per topic this user may see.
    #[serde(default)]
    pub topics: Topics,
    /// Ping after so much silence.
    #[serde(default = "default_heartbeat_s")]
    pub heartbeat_s: u64,
    /// Now, at the gateway.
    #[serde(default)]
    pub server_time: Option<DateTime<Utc>>,
    /// What it can do: resume, bearer, digest, idempotency, expiry, async, ...
    #[serde(default)]
    pub capabilities: Vec<String>,
}

fn default_heartbeat_s() -> u64 {
    25
}

/// `reset`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Reset {
    /// `new`, `epoch`, `too-old`, `mismatch`, `slow`.
    pub reason: String,
}

/// `access`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Access {
    /// Topics gained.
    #[serde(default)]
    pub granted: Vec<String>,
    /// Topics lost.
    #[serde(default)]
    pub revoked: Vec<String>,
}

/// An event with its place in the stream. A gateway without sequences leaves the places empty.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// `notification`, `workflow`, `log`, `rca`, `run`, `agent`, `bot`, or a word this build does not know.
    #[serde(rename = "event")]
    pub kind: String,
    /// Place in the gateway's whole stream.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seq: Option<u64>,
    /// The event before it on the same topic; 0 for the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prev_seq: Option<u64>,
    /// Pipeline id, or `user:<id>`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub topic: Option<String>,
    /// Unique within the epoch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// When.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<DateTime<Utc>>,
    /// The rest, as it came. Hostile text.
    #[serde(default)]
    pub data: Value,
}

/// Kinds in `data.type` that concern approvals (CONTRACT 2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ApprovalKind {
    /// A person is asked.
    ApprovalRequired,
    /// Rendered anew, or paused.
    ApprovalChanged,
    /// Someone decided.
    ApprovalDecided,
    /// Nobody did, in time.
    ApprovalExpired,
    /// Taken back.
    ApprovalWithdrawn,
    /// One action ended.
    ExecutionProgress,
    /// The chain ended.
    ExecutionCompleted,
}

impl ApprovalKind {
    /// The word on the wire.
    pub fn word(self) -> &'static str {
        match self {
            ApprovalKind::ApprovalRequired => "approval_required",
            ApprovalKind::ApprovalChanged => "approval_changed",
            ApprovalKind::ApprovalDecided => "approval_decided",
            ApprovalKind::ApprovalExpired => "approval_expired",
            ApprovalKind::ApprovalWithdrawn => "approval_withdrawn",
            ApprovalKind::ExecutionProgress => "execution_progress",
            ApprovalKind::ExecutionCompleted => "execution_completed",
        }
    }
}

impl Event {
    /// `data.type`.
    pub fn data_type(&self) -> Option<&str> {
        self.data.get("type").and_then(Value::as_str)
    }

    /// The kind of approval event it is, if it is one.
    pub fn approval_kind(&self) -> Option<ApprovalKind> {
        serde_json::from_value(self.data.get("type")?.clone()).ok()
    }

    /// The request it is about, wherever a dialect puts it.
    pub fn request_id(&self) -> Option<&str> {
        let data = &self.data;
        [
            data.get("request_id"),
            data.pointer("/data/request_id"),
            data.pointer("/remediation_metadata/request_id"),
            data.pointer("/data/remediation_metadata/request_id"),
        ]
        .into_iter()
        .flatten()
        .find_map(Value::as_str)
    }

    /// The pipeline it is about.
    pub fn pipeline_id(&self) -> Option<&str> {
        [self.data.get("pipeline_id"), self.data.pointer("/data/pipeline_id")]
            .into_iter()
            .flatten()
            .find_map(Value::as_str)
            .or(self.topic.as_deref().filter(|topic| !topic.starts_with("user:")))
    }
}

/// What a client says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ClientFrame {
    /// Go on from here.
    Resume {
        /// The epoch of the cursor.
        #[serde(default)]
        epoch: Option<String>,
        /// The last seq that is on disk here; `None` for a first start.
        #[serde(default)]
        last_seq: Option<u64>,
        /// The id of that event.
        #[serde(default)]
        last_id: Option<String>,
    },
    /// Are you there?
    Ping,
    /// This person is looking at it now.
    Looking {
        /// The request.
        request_id: domain::RequestId,
    },
}

impl ClientFrame {
    /// The text to send.
    pub fn encode(&self) -> String {
        // Strings and integers only: serialisation cannot fail.
        serde_json::to_string(self).unwrap_or_default()
    }
}

/// A frame that is not JSON, or not of its own kind's form.
#[derive(Debug, thiserror::Error)]
#[error("a frame could not be read: {0}")]
pub struct BadFrame(#[from] serde_json::Error);

/// Reads one text frame. Never panics; unknown kinds are [`ServerFrame::Unknown`].
pub fn decode(text: &str) -> Result<ServerFrame, BadFrame> {
    let value: Value = serde_json::from_str(text)?;
    let Value::Object(map) = value else { return Ok(ServerFrame::Unknown(value)) };
    let word = map.get("event").and_then(Value::as_str).map(str::to_owned);
    Ok(match word.as_deref() {
        Some("hello") => ServerFrame::Hello(data(map)?),
        Some("reset") => ServerFrame::Reset(data(map)?),
        Some("drained") => ServerFrame::Drained { seq: field(map, "seq")? },
        Some("access") => ServerFrame::Access(data(map)?),
        Some("presence") => ServerFrame::Presence(map.get("data").cloned().unwrap_or_default()),
        Some("going_away") => {
            ServerFrame::GoingAway { retry_after_ms: field(map, "retry_after_ms").unwrap_or(1_000) }
        }
        Some("pong") => ServerFrame::Pong,
        Some(_) => ServerFrame::Event(serde_json::from_value(Value::Object(map))?),
        None if map.get("type").and_then(Value::as_str) == Some("pong") => ServerFrame::Pong,
        None if map.contains_key("message_type") => {
            ServerFrame::Document(Box::new(Document::read(extended_json::plain(Value::Object(map)))))
        }
        None => ServerFrame::Unknown(Value::Object(map)),
    })
}

fn data<T: for<'de> Deserialize<'de>>(mut map: Map<String, Value>) -> Result<T, serde_json::Error> {
    match map.remove("data") {
        Some(data) => serde_json::from_value(data),
        // Some variants put the members at the root.
        None => serde_json::from_value(Value::Object(map)),
    }
}

/// A member of the frame itself, or of its `data`.
fn field<T: for<'de> Deserialize<'de>>(
    mut map: Map<String, Value>,
    name: &str,
) -> Result<T, serde_json::Error> {
    let value = map.remove(name).or_else(|| map.get_mut("data")?.as_object_mut()?.remove(name));
    serde_json::from_value(value.unwrap_or_default())
}

/// Writes a frame of ours: `{"event":..,"data":..}`.
pub fn encode(event: &str, data: &impl Serialize) -> String {
    serde_json::json!({"event": event, "data": data}).to_string()
}

/// Writes `drained`, whose seq stands at the root (CONTRACT 2).
pub fn encode_drained(seq: u64) -> String {
    serde_json::json!({"event": "drained", "seq": seq}).to_string()
}
