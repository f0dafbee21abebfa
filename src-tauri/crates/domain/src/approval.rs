//! A request for approval as CONTRACT 1 gives it: what broke, what would run, where it stands.

use crate::action::RenderedAction;
use crate::digest::{self, Digest};
use crate::id::{ActionId, PipelineId, RequestId};
use crate::law::State;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::fmt;

/// What one decision can cover.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// No action is gated: one decision covers all.
    Request,
    /// At least one action is gated and asks for itself.
    PerAction,
}

/// How sure the match is (CONTRACT 1a): high under 0.3, medium under 0.5, else low.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[serde(rename_all = "lowercase")]
pub enum Confidence {
    /// Distance under 0.3.
    High,
    /// Distance under 0.5.
    Medium,
    /// Anything farther.
    Low,
}

impl Confidence {
    /// The word for a match distance, 0 (same) to 1.
    pub fn of(distance: f64) -> Self {
        match distance {
            d if d < 0.3 => Confidence::High,
            d if d < 0.5 => Confidence::Medium,
            _ => Confidence::Low,
        }
    }
}

impl fmt::Display for Confidence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Confidence::High => "high",
            Confidence::Medium => "medium",
            Confidence::Low => "low",
        })
    }
}

/// The status word on the wire.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Waiting for a person.
    Pending,
    /// Ran up to a gated action, waiting for a decision on it.
    Paused,
    /// Running.
    Executing,
    /// Ran to its end.
    Completed,
    /// An action failed and ended the chain.
    Failed,
    /// A person said no.
    Rejected,
    /// A person stopped it.
    Stopped,
    /// The requester took it back.
    Withdrawn,
    /// The gateway died in mid-action.
    Interrupted,
    /// Nobody decided in time.
    Expired,
    /// A word this build does not know: shown raw, never decidable.
    #[serde(untagged)]
    Unrecognised(String),
}

impl Status {
    /// Pending, paused or executing (CONTRACT 1a). An unknown word counts as open: it must not vanish from sight.
    pub fn is_open(&self) -> bool {
        matches!(self, Status::Pending | Status::Paused | Status::Executing | Status::Unrecognised(_))
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Status::Pending => "pending",
            Status::Paused => "paused",
            Status::Executing => "executing",
            Status::Completed => "completed",
            Status::Failed => "failed",
            Status::Rejected => "rejected",
            Status::Stopped => "stopped",
            Status::Withdrawn => "withdrawn",
            Status::Interrupted => "interrupted",
            Status::Expired => "expired",
            Status::Unrecognised(word) => word,
        })
    }
}

/// How far one action of a request has come (`execution_state`).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
pub struct ActionState {
    /// Asks for a decision of its own.
    #[serde(default)]
    pub requires_approval: bool,
    /// Someone said yes to it.
    #[serde(default)]
    pub approved: bool,
    /// It was started.
    #[serde(default)]
    pub executed: bool,
    /// How it ended; `None` if it has not, or nobody knows.
    #[serde(default)]
    pub success: Option<bool>,
    /// Who approved it.
    #[serde(default)]
    pub approved_by: Option<String>,
    /// When.
    #[serde(default)]
    pub approved_at: Option<String>,
    /// Unknown fields, kept.
    #[serde(flatten)]
    #[cfg_attr(feature = "bindings", ts(skip))]
    pub extra: Map<String, Value>,
}

/// `Approval` of CONTRACT 1. Fields this build does not know are kept in `extra`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
pub struct Approval {
    /// Its id at the gateway.
    pub request_id: RequestId,
    /// The pipeline it belongs to.
    pub pipeline_id: PipelineId,
    /// From 1; plus one each time it is rendered anew. 0 on a gateway without revisions.
    pub revision: u64,
    /// See [`Mode`].
    pub mode: Mode,
    /// The error that asked for it. Hostile text.
    pub error_message: String,
    /// The mapping that matched.
    #[serde(default)]
    pub matched_error: Option<String>,
    /// The mapping's description.
    #[serde(default)]
    pub description: Option<String>,
    /// 0 (same) to 1.
    #[serde(default)]
    pub distance: Option<f64>,
    /// The word for it.
    #[serde(default)]
    pub confidence: Option<Confidence>,
    /// The actions' ids in order.
    pub action_ids: Vec<ActionId>,
    /// The actions as they will run, in order.
    pub actions: Vec<RenderedAction>,
    /// Where it stands.
    pub status: Status,
    /// The gateway's digest; `None` where it has none (CONTRACT 3).
    #[serde(default)]
    pub digest: Option<Digest>,
    /// Raised at.
    #[serde(default)]
    pub created_at: Option<DateTime<Utc>>,
    /// Not decidable after this.
    #[serde(default)]
    pub expires_at: Option<DateTime<Utc>>,
    /// Who asked.
    #[serde(default)]
    pub requested_by: Option<String>,
    /// Who decided last.
    #[serde(default)]
    pub decided_by: Option<String>,
    /// When.
    #[serde(default)]
    pub decided_at: Option<DateTime<Utc>>,
    /// Why not.
    #[serde(default)]
    pub rejection_reason: Option<String>,
    /// Index of the action that runs or comes next.
    #[serde(default)]
    pub current_action_index: u64,
    /// Per action.
    #[serde(default)]
    pub execution_state: BTreeMap<ActionId, ActionState>,
    /// The gated actions that wait for a decision right now.
    #[serde(default)]
    pub pending_approval_actions: Vec<ActionId>,
    /// `runbook_url` and the like. Hostile: opened only by a person's click.
    #[serde(default)]
    pub links: BTreeMap<String, Value>,
    /// Unknown fields, kept.
    #[serde(flatten)]
    #[cfg_attr(feature = "bindings", ts(skip))]
    pub extra: Map<String, Value>,
}

impl Approval {
    /// The state of the law, or `None` when the status is a word this build does not know, or a pause that names no
    /// action: such a request cannot be decided here.
    pub fn state(&self) -> Option<State> {
        Some(match &self.status {
            Status::Pending => State::Pending,
            Status::Paused => State::Paused(self.pending_approval_actions.first()?.clone()),
            Status::Executing => State::Executing,
            Status::Completed => State::Completed,
            Status::Failed => State::Failed,
            Status::Rejected => State::Rejected,
            Status::Stopped => State::Stopped,
            Status::Withdrawn => State::Withdrawn,
            Status::Interrupted => State::Interrupted,
            Status::Expired => State::Expired,
            Status::Unrecognised(_) => return None,
        })
    }

    /// The digest of this view (CONTRACT 1b), computed from what is here, never copied from `digest`.
    pub fn computed_digest(&self) -> Digest {
        digest::digest(self)
    }

    /// The rendered action of that id.
    pub fn action(&self, id: &ActionId) -> Option<&RenderedAction> {
        self.actions.iter().find(|a| &a.action.action_id == id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_status_is_kept_open_and_has_no_state() {
        let status: Status = serde_json::from_str("\"hibernating\"").expect("tolerant");
        assert_eq!(status, Status::Unrecognised("hibernating".into()));
        assert!(status.is_open());
        assert_eq!(serde_json::to_string(&status).expect("serialises"), "\"hibernating\"");
    }

    #[test]
    fn confidence_borders_are_those_of_the_contract() {
        assert_eq!(Confidence::of(0.29), Confidence::High);
        assert_eq!(Confidence::of(0.3), Confidence::Medium);
        assert_eq!(Confidence::of(0.5), Confidence::Low);
        assert_eq!(Confidence::of(f64::NAN), Confidence::Low);
    }
}
