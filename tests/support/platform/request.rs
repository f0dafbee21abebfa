//! An approval in the memory of a pipeline's container, and its shape in REST (CONTRACT 3).

use chrono::{DateTime, FixedOffset, Utc};
use domain::approval::Confidence;
use serde_json::{Map, Value, json};

/// Where the server stands, east of UTC: its zone-less times are wrong by this much for whoever takes them for UTC.
const SERVER_ZONE_S: i32 = 5 * 3_600 + 1_800;

/// One request.
#[derive(Clone, Debug)]
pub(super) struct Request {
    pub(super) id: String,
    pub(super) error_message: String,
    pub(super) matched_error: String,
    pub(super) description: String,
    pub(super) distance: f64,
    pub(super) steps: Vec<Step>,
    pub(super) status: Status,
    pub(super) created_at: DateTime<Utc>,
    /// Overwritten by whoever approves last, even long after.
    pub(super) approved: Option<Approved>,
    pub(super) rejection_reason: Option<String>,
    pub(super) current_action_index: usize,
    /// The gated action it waits at, while it says `executing`.
    pub(super) waiting: Option<String>,
    /// Its notification.
    pub(super) document_id: String,
}

/// One action of it.
#[derive(Clone, Debug)]
pub(super) struct Step {
    pub(super) action_id: String,
    pub(super) gated: bool,
    pub(super) executed: bool,
    pub(super) success: Option<bool>,
    pub(super) approved: Option<Approved>,
}

/// Who said yes.
#[derive(Clone, Debug)]
pub(super) struct Approved {
    pub(super) by: String,
    pub(super) at: DateTime<Utc>,
}

/// The platform's words. There is no `paused`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Status {
    Pending,
    Executing,
    Completed,
    Failed,
    Rejected,
}

impl Request {
    /// The ids in order.
    pub(super) fn action_ids(&self) -> Vec<String> {
        self.steps.iter().map(|step| step.action_id.clone()).collect()
    }

    /// The ids of the gated ones.
    pub(super) fn gated_ids(&self) -> Vec<String> {
        self.steps.iter().filter(|step| step.gated).map(|step| step.action_id.clone()).collect()
    }

    /// `high`, `medium`, `low`.
    pub(super) fn confidence(&self) -> String {
        Confidence::of(self.distance).to_string()
    }

    /// As REST gives it.
    pub(super) fn plain(&self) -> Value {
        let steps: Map<String, Value> =
            self.steps.iter().map(|step| (step.action_id.clone(), step.plain())).collect();
        json!({
            "request_id": self.id,
            "error_message": self.error_message,
            "matched_error": self.matched_error,
            "description": self.description,
            "distance": self.distance,
            "confidence": self.confidence(),
            "action_ids": self.action_ids(),
            "status": self.status.word(),
            "created_at": server_time(self.created_at),
            "approved_at": self.approved.as_ref().map(|approved| server_time(approved.at)),
            "approved_by": self.approved.as_ref().map(|approved| &approved.by),
            "rejection_reason": self.rejection_reason,
            "current_action_index": self.current_action_index,
            "execution_state": steps,
            "pending_approval_actions": self.waiting.iter().collect::<Vec<_>>()
        })
    }
}

impl Step {
    fn plain(&self) -> Value {
        json!({
            "requires_approval": self.gated,
            "approved": self.approved.is_some(),
            "executed": self.executed,
            "success": self.success,
            "approved_by": self.approved.as_ref().map(|approved| &approved.by),
            "approved_at": self.approved.as_ref().map(|approved| server_time(approved.at))
        })
    }
}

impl Status {
    fn word(self) -> &'static str {
        match self {
            Status::Pending => "pending",
            Status::Executing => "executing",
            Status::Completed => "completed",
            Status::Failed => "failed",
            Status::Rejected => "rejected",
        }
    }
}

/// Local to the server, without saying so.
fn server_time(at: DateTime<Utc>) -> String {
    let local = match FixedOffset::east_opt(SERVER_ZONE_S) {
        Some(zone) => at.with_timezone(&zone).naive_local(),
        None => at.naive_utc(),
    };
    local.format("%Y-%m-%dT%H:%M:%S%.6f").to_string()
}
