//! Bodies of the REST routes (CONTRACT 1), as the gateway writes and the console reads them.

use crate::frame::{Event, Topics};
use chrono::{DateTime, Utc};
use domain::registry::ErrorMapping;
use domain::{ActionId, Approval, Digest, RemediationAction, RequestId};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// `service` of `GET /health` on a gateway of ours.
pub const SERVICE: &str = "holdpoint-gateway";
/// The protocol version of sections 1-2.
pub const PROTOCOL: u32 = 1;
/// A native client says what it is; with `Accept: application/json` the tokens come in the body.
pub const CLIENT_HEADER: &str = "x-holdpoint-client";
/// Echoed or made for every response.
pub const CORRELATION_HEADER: &str = "x-correlation-id";

/// `GET /health`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Health {
    /// `ok` or what is wrong.
    #[serde(default)]
    pub status: Value,
    /// [`SERVICE`] here; anything else is the platform.
    #[serde(default)]
    pub service: Option<String>,
    /// [`PROTOCOL`] here.
    #[serde(default)]
    pub protocol: Option<u32>,
    /// The build.
    #[serde(default)]
    pub version: Option<String>,
    /// `ok` or what is wrong with the database.
    #[serde(default)]
    pub database: Option<Value>,
    /// Now, at the gateway.
    #[serde(default)]
    pub timestamp: Option<Value>,
    /// By name.
    #[serde(default)]
    pub dependencies: Option<Value>,
    /// Unknown fields, kept.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// Who is signed in; the same on both dialects.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct User {
    /// The gateway's id of the user.
    pub id: Value,
    /// The identity that decides (rule 8).
    pub email: String,
    /// For people.
    #[serde(default)]
    pub full_name: Option<String>,
    /// `admin`, `owner`, `viewer`, `machine`; other words on the platform.
    #[serde(default)]
    pub role: Option<String>,
    /// Unknown fields, kept.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// `POST /auth/login` and `/auth/refresh` with the tokens in the body.
#[derive(Clone, Serialize, Deserialize)]
pub struct Tokens {
    /// JWT, 60 min.
    pub access_token: String,
    /// Opaque, 30 d, rotated.
    pub refresh_token: String,
    /// `bearer`.
    #[serde(default)]
    pub token_type: String,
    /// Seconds of life of the access token.
    #[serde(default)]
    pub expires_in: u64,
    /// Who.
    #[serde(default)]
    pub user: Option<User>,
}

/// `POST /auth/refresh` of a native client that keeps no cookies.
#[derive(Clone, Serialize, Deserialize)]
pub struct RefreshRequest {
    /// The last refresh token.
    pub refresh_token: String,
}

/// One pipeline of `GET /workflows`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Workflow {
    /// The pipeline's id.
    #[serde(alias = "_id")]
    pub id: domain::PipelineId,
    /// For people.
    #[serde(default)]
    pub name: String,
    /// A word.
    #[serde(default)]
    pub status: Option<String>,
    /// Who may decide.
    #[serde(default)]
    pub owner_ids: Vec<Value>,
    /// Who may look.
    #[serde(default)]
    pub viewer_ids: Vec<Value>,
    /// Unknown fields, kept.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// `GET /snapshot`: one read transaction.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Snapshot {
    /// The database's life.
    pub epoch: String,
    /// Everything up to this seq is in it.
    pub as_of_seq: u64,
    /// Head per topic.
    #[serde(default)]
    pub topics: Topics,
    /// The open ones.
    pub approvals: Vec<Approval>,
    /// Active runs.
    #[serde(default)]
    pub runs: Vec<Value>,
    /// Agents.
    #[serde(default)]
    pub agents: Vec<Value>,
    /// Hash of the audit chain's last entry.
    #[serde(default)]
    pub audit_head: Option<Value>,
}

/// `GET /events`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EventsPage {
    /// The database's life.
    pub epoch: String,
    /// In order of seq.
    pub events: Vec<Event>,
    /// The newest there is.
    pub head_seq: u64,
    /// The oldest that is kept, where the gateway tells: who is further behind has a hole in its history (F16).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub oldest_seq: Option<u64>,
}

/// Reads a snapshot. Approvals that cannot be read are counted and left out, so that one bad one hides no other.
pub fn read_snapshot(body: &[u8]) -> Result<(Snapshot, usize), serde_json::Error> {
    read_leaving_out::<Approval, Snapshot>(body, "approvals")
}

/// Reads a page of events. Events that cannot be read are counted and left out.
pub fn read_events(body: &[u8]) -> Result<(EventsPage, usize), serde_json::Error> {
    read_leaving_out::<Event, EventsPage>(body, "events")
}

fn read_leaving_out<Item, Whole>(body: &[u8], list: &str) -> Result<(Whole, usize), serde_json::Error>
where
    Item: for<'de> Deserialize<'de>,
    Whole: for<'de> Deserialize<'de>,
{
    let mut whole: Value = serde_json::from_slice(body)?;
    let mut bad = 0;
    if let Some(Value::Array(items)) = whole.get_mut(list) {
        let before = items.len();
        items.retain(|item| Item::deserialize(item).is_ok());
        bad = before - items.len();
    }
    Ok((serde_json::from_value(whole)?, bad))
}

/// `POST .../runbook/remediate`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RemediateRequest {
    /// The error's text.
    pub error: String,
    /// Values for parameters, links and whatever is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub context: Option<Map<String, Value>>,
}

/// `POST .../runbook/remediate/approve`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DecideRequest {
    /// The request.
    pub request_id: RequestId,
    /// One action of it, or the whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub action_id: Option<ActionId>,
    /// Always sent: the platform defaults it to true.
    pub approved: bool,
    /// What was shown (rule 3).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shown_digest: Option<Digest>,
    /// Why not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rejection_reason: Option<String>,
    /// Only for the platform; a gateway of ours ignores it (rule 8).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approved_by: Option<String>,
}

/// `POST .../stop` and `.../withdraw`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ReasonRequest {
    /// At least three letters or digits.
    pub reason: String,
}

/// `GET .../approvals/pending`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PendingList {
    /// `success`.
    pub status: String,
    /// Pending and paused.
    pub pending_approvals: Vec<Approval>,
    /// How many.
    pub count: u64,
}

/// `GET .../approvals/{request_id}`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SingleApproval {
    /// `success`.
    pub status: String,
    /// The request.
    pub approval_request: Approval,
}

/// `GET .../runbook/actions`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ActionList {
    /// How many.
    pub total: u64,
    /// The entries.
    pub actions: Vec<RemediationAction>,
}

/// `POST .../runbook/discover/swagger`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DiscoverSwagger {
    /// Fetched by the gateway.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub swagger_url: Option<String>,
    /// Or given whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub swagger_doc: Option<Value>,
    /// The service the actions act on.
    pub service_name: String,
    /// Values by secret name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secrets: Option<Map<String, Value>>,
}

/// The answer of a discovery.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DiscoveryResponse {
    /// `completed` or `pending_secrets`; `success` on a variant of the platform.
    pub status: String,
    /// How many.
    #[serde(default)]
    pub actions_discovered: u64,
    /// The entries.
    #[serde(default)]
    pub actions: Vec<RemediationAction>,
    /// They are in the registry now.
    #[serde(default)]
    pub registered: bool,
    /// Counts.
    #[serde(default)]
    pub summary: Value,
    /// Names that still need a value.
    #[serde(default)]
    pub secrets_required: Option<Vec<String>>,
    /// Unknown fields, kept.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// `GET .../mappings/match?text=`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MatchAnswer {
    /// The nearest mapping, if anything is near.
    pub mapping: Option<ErrorMapping>,
    /// 0 to 1.
    pub distance: Option<f64>,
    /// The word for it.
    pub confidence: Option<domain::Confidence>,
    /// Why: the words both have.
    #[serde(default)]
    pub matched_words: Vec<String>,
}

/// One entry of `GET /audit`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AuditEntry {
    /// From 1.
    pub seq: u64,
    /// When.
    pub at: DateTime<Utc>,
    /// The authenticated subject.
    pub actor: String,
    /// What was done.
    pub action: String,
    /// To what.
    pub subject: String,
    /// The rest.
    pub detail: Value,
    /// Hash of the entry before.
    pub prev: String,
    /// Hash of this one.
    pub hash: String,
}
