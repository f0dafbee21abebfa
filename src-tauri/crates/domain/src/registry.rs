//! Error mappings and the answer of `remediate` and `approve` (CONTRACT 1).

use crate::approval::Confidence;
use crate::id::{ActionId, RequestId};
use crate::outcome::ActionResult;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// `ErrorMapping`: an error and the actions that help, in order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
pub struct ErrorMapping {
    /// The error's name or text; any character.
    pub error: String,
    /// The actions in order.
    #[serde(default)]
    pub actions: Vec<ActionId>,
    /// For people.
    #[serde(default)]
    pub description: Option<String>,
    /// Unknown fields, kept.
    #[serde(flatten)]
    #[cfg_attr(feature = "bindings", ts(skip))]
    pub extra: Map<String, Value>,
}

/// The status words of [`RemediationResponse`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RemediationStatus {
    /// Ran, here and now.
    Executed,
    /// Taken; the outcome comes over the stream (202).
    Executing,
    /// An action failed.
    Failed,
    /// A person said no.
    Rejected,
    /// A person stopped it.
    Stopped,
    /// The gateway died in mid-action.
    Interrupted,
    /// Paused at a gated action.
    ActionApprovalRequired,
    /// The mapping names actions that do not exist.
    ActionsNotFound,
    /// Nothing near.
    NoMatch,
    /// A suggestion only.
    LowConfidence,
    /// A person is asked.
    ApprovalRequired,
    /// A word this build does not know.
    #[serde(untagged)]
    Unrecognised(String),
}

/// `RemediationResponse` of CONTRACT 1; absent and null are the same on every optional field.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RemediationResponse {
    /// What became of it.
    pub status: RemediationStatus,
    /// The error text.
    #[serde(default)]
    pub error: Option<String>,
    /// The mapping that matched.
    #[serde(default)]
    pub matched_error: Option<String>,
    /// How sure.
    #[serde(default)]
    pub confidence: Option<Confidence>,
    /// How many actions were started.
    #[serde(default)]
    pub actions_executed: Option<u64>,
    /// One per action that has a result.
    #[serde(default)]
    pub execution_results: Option<Vec<ActionResult>>,
    /// All succeeded.
    #[serde(default)]
    pub overall_success: Option<bool>,
    /// A sentence for people.
    #[serde(default)]
    pub message: Option<String>,
    /// The request, where there is one.
    #[serde(default)]
    pub request_id: Option<RequestId>,
    /// What might help.
    #[serde(default)]
    pub suggestion: Option<Value>,
    /// Unknown fields, kept.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}
