//! What a surface sees: whole, bounded views, never state. At most 200 rows and 64 KiB; details come through queries,
//! asked again when a row's `rev` changes (DESIGN 4).

use crate::banner::Banner;
use crate::command::Code;
use crate::policy::Policy;
use chrono::{DateTime, Utc};
use domain::{
    ActionId, ActionResult, Approval, Confidence, Connection, DecisionId, Digest, GatewayId, OutboxState,
    PipelineId, Point, RequestId, RequestKey, Risk, Status, Verdict,
};
use serde::{Deserialize, Serialize};
use store::OutboxRow;

/// Most rows in a view.
pub const ROW_LIMIT: usize = 200;
/// Most ended decisions in a view; open ones are always in it.
pub const RECENT_DECISIONS: usize = 20;
/// Most changes of a connection's state that a view tells.
pub const CHANGE_LIMIT: usize = 16;
/// Longest error text in a row, in characters.
const ERROR_LIMIT: usize = 120;

/// Everything a surface shows without asking.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
pub struct AppView {
    /// Grows with each change.
    pub rev: u64,
    /// The gateways, in the order they were added.
    pub gateways: Vec<GatewayView>,
    /// How many requests are open, beyond what `requests` holds.
    pub open: usize,
    /// The open ones, oldest first.
    pub requests: Vec<RequestRow>,
    /// Open decisions and the last ended ones, newest last.
    pub decisions: Vec<DecisionView>,
    /// The newest committed event's local row: a watcher prints up to here.
    pub last_row: i64,
    /// Frames that could not be read in this run.
    pub malformed: u64,
    /// What a person has set about decisions.
    #[serde(default)]
    pub policy: Policy,
    /// What a person must know about the data here, most urgent first; at most [`crate::banner::MOST_BANNERS`].
    #[serde(default)]
    pub banners: Vec<Banner>,
}

/// One gateway.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
pub struct GatewayView {
    /// Its id here.
    pub id: GatewayId,
    /// Normalised.
    pub origin: String,
    /// For people.
    pub name: String,
    /// Who is signed in.
    pub account: Option<String>,
    /// Why that session ends with this run, as a sentence (rule 13); `None` if the keychain keeps it.
    #[serde(default)]
    pub not_kept: Option<String>,
    /// Rule 9.
    pub connection: Connection,
    /// Its last changes in this run, oldest first: views are coalesced, and a state that was passed through within one
    /// of them is still told.
    pub changes: Vec<ConnectionChange>,
    /// When the open requests were last known to be complete.
    pub as_of: Option<DateTime<Utc>>,
    /// How far its clock is ahead of this machine's, in milliseconds, where it is more than half a minute (F34): times left
    /// that are counted by the clock here are wrong by that.
    #[serde(default)]
    pub clock_off_ms: Option<i64>,
}

/// One change of a connection's state.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
pub struct ConnectionChange {
    /// Counts from 1 in each run of the engine.
    pub number: u64,
    /// When.
    pub at: DateTime<Utc>,
    /// What it is from then on.
    pub connection: Connection,
}

/// One open request in a list.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
pub struct RequestRow {
    /// `(gateway, request_id)`.
    pub key: RequestKey,
    /// Grows with each change of this request.
    pub rev: u64,
    /// The pipeline.
    pub pipeline: PipelineId,
    /// The error's first characters.
    pub error: String,
    /// Where it stands.
    pub status: Status,
    /// How sure the match is.
    pub confidence: Option<Confidence>,
    /// The highest risk among its actions.
    pub risk: Option<Risk>,
    /// Raised at.
    pub created_at: Option<DateTime<Utc>>,
    /// Not decidable after this.
    pub expires_at: Option<DateTime<Utc>>,
    /// The action that waits, if it is paused.
    pub waiting: Option<ActionId>,
    /// What this account may do about it.
    pub may: May,
    /// Known only from an earlier run, as of then: it may have been decided since. `None` once the gateway has told it in
    /// this run.
    #[serde(default)]
    pub kept: Option<DateTime<Utc>>,
}

/// What the signed-in account may do about a request, as far as is known. The gateway judges again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum May {
    /// Decide.
    #[default]
    Decide,
    /// Reject, but not approve: this account asked for it.
    NotApprove,
    /// Look only.
    Look,
}

/// One decision and what is known of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
pub struct DecisionView {
    /// Its id.
    pub id: DecisionId,
    /// The request.
    pub key: RequestKey,
    /// Its pipeline.
    pub pipeline: PipelineId,
    /// The request, or one action.
    pub point: Point,
    /// What the person wants.
    pub verdict: Verdict,
    /// Who.
    pub identity: String,
    /// What was shown.
    pub digest: Digest,
    /// Rule 4.
    pub state: OutboxState,
    /// What kind of end it was, where the state alone does not tell.
    pub code: Option<Code>,
    /// A sentence.
    pub detail: Option<String>,
    /// The request's status when this was written.
    pub status: Option<Status>,
    /// The action the request is paused at.
    pub waiting: Option<ActionId>,
    /// What really happened, action by action.
    pub results: Vec<ActionResult>,
    /// Set while nothing of it has left and something is waited for: until then it can be taken back.
    #[serde(default)]
    pub waits: Option<Waits>,
}

/// What a decision waits for that has not left.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
pub struct Waits {
    /// What for.
    pub what: WaitsFor,
    /// The next try, by this machine's clock; `None` where only an event ends the wait.
    pub until: Option<DateTime<Utc>>,
}

/// See [`Waits`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum WaitsFor {
    /// The end of its undo window (rule 7).
    Undo,
    /// The gateway, which cannot be reached.
    Gateway,
    /// The gateway, which asked to be called less often.
    RateLimit,
    /// A person who signs in: it is frozen until then.
    SignIn,
}

impl RequestRow {
    /// The row of a request.
    pub fn of(gateway: GatewayId, approval: &Approval, rev: u64, may: May) -> Self {
        Self {
            key: RequestKey { gateway, request: approval.request_id.clone() },
            rev,
            pipeline: approval.pipeline_id.clone(),
            error: approval.error_message.chars().take(ERROR_LIMIT).collect(),
            status: approval.status.clone(),
            confidence: approval.confidence,
            risk: approval.actions.iter().map(|rendered| rendered.action.risk_level).max(),
            created_at: approval.created_at,
            expires_at: approval.expires_at,
            waiting: approval.pending_approval_actions.first().cloned(),
            may,
            kept: None,
        }
    }
}

/// Longest text in a result of a view, in characters; the whole is asked for with the decision.
const TEXT_LIMIT: usize = 200;
/// Most bytes of rows in a view, as JSON (DESIGN 4: 64 KiB in all, with the decisions beside them).
pub(crate) const ROW_BYTES: usize = 32 * 1024;

impl DecisionView {
    /// A stored row.
    pub fn of_row(row: OutboxRow) -> Self {
        let status = |word: String| match serde_json::from_value(serde_json::Value::String(word.clone())) {
            Ok(status) => status,
            Err(_) => Status::Unrecognised(word),
        };
        Self {
            id: row.decision,
            key: row.key,
            pipeline: row.pipeline,
            point: row.point,
            verdict: row.verdict,
            identity: row.identity,
            digest: row.digest,
            state: row.state,
            code: code_of(row.state),
            detail: row.detail,
            status: row.status.map(status),
            waiting: None,
            results: row.results,
            waits: None,
        }
    }

    /// As it stands in a view: what an action put out is asked for with the decision itself.
    pub(crate) fn brief(&self) -> Self {
        let mut brief = self.clone();
        brief.detail = brief.detail.map(cut);
        for result in &mut brief.results {
            let told = |name: &str| {
                let value = result.result.as_ref()?.get(name)?.clone();
                (value.is_number() || value.as_str().is_some_and(|text| text.len() <= TEXT_LIMIT))
                    .then(|| (name.to_owned(), value))
            };
            let words = ["status", "status_code", "exit_code"].into_iter().filter_map(told);
            result.result = Some(words.collect::<serde_json::Map<_, _>>().into());
            result.output = None;
            result.error = result
                .error
                .take()
                .map(|error| cut(error.as_str().map_or_else(|| error.to_string(), str::to_owned)).into());
            result.extra.clear();
        }
        brief
    }
}

fn cut(text: String) -> String {
    match text.char_indices().nth(TEXT_LIMIT) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

/// The kind of end a stored state alone tells.
fn code_of(state: OutboxState) -> Option<Code> {
    match state {
        OutboxState::Conflict => Some(Code::AlreadyDecided),
        OutboxState::Changed => Some(Code::Changed),
        OutboxState::Expired => Some(Code::Expired),
        OutboxState::Refused => Some(Code::Refused),
        OutboxState::NotTaken => Some(Code::NotTaken),
        OutboxState::Unknown => Some(Code::Unknown),
        OutboxState::Held
        | OutboxState::Queued
        | OutboxState::Sent
        | OutboxState::Acknowledged
        | OutboxState::Observed => None,
    }
}

impl AppView {
    /// The decision of that id, if it is in the view.
    pub fn decision(&self, id: DecisionId) -> Option<&DecisionView> {
        self.decisions.iter().find(|decision| decision.id == id)
    }

    /// The gateway of that id.
    pub fn gateway(&self, id: GatewayId) -> Option<&GatewayView> {
        self.gateways.iter().find(|gateway| gateway.id == id)
    }

    /// The row of that request.
    pub fn request(&self, gateway: GatewayId, request: &RequestId) -> Option<&RequestRow> {
        self.requests.iter().find(|row| row.key.gateway == gateway && &row.key.request == request)
    }
}
