//! What really happened (rule 12) and what is known of a decision's effect (rule 5).
//! There is deliberately no conversion from a transport error to anything in here.

use crate::id::ActionId;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::fmt;

/// What an action did, judged by everything its result says, not only by `success`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// It says so, and nothing in it says otherwise.
    Succeeded,
    /// It says so, or its status, status code or exit code does.
    Failed,
    /// It was never started.
    Skipped,
    /// Started, and nobody knows how it ended.
    Unknown,
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Outcome::Succeeded => "succeeded",
            Outcome::Failed => "failed",
            Outcome::Skipped => "skipped",
            Outcome::Unknown => "unknown",
        })
    }
}

/// One entry of `execution_results` (CONTRACT 1), tolerant of both dialects.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
pub struct ActionResult {
    /// The action.
    #[serde(default)]
    pub action_id: ActionId,
    /// The gateway's own claim; never believed alone.
    #[serde(default)]
    pub success: Option<bool>,
    /// The gateway's word for it.
    #[serde(default)]
    pub status: Option<String>,
    /// Output, cut if long.
    #[serde(default)]
    pub output: Option<Value>,
    /// `{status, status_code, exit_code, ...}` in the form of the method.
    #[serde(default)]
    pub result: Option<Value>,
    /// Why it failed.
    #[serde(default)]
    pub error: Option<Value>,
    /// Seconds.
    #[serde(default)]
    pub execution_time: Option<f64>,
    /// Unknown fields, kept.
    #[serde(flatten)]
    #[cfg_attr(feature = "bindings", ts(skip))]
    pub extra: Map<String, Value>,
}

impl ActionResult {
    /// Rule 12: any sign of failure wins over `success: true`; no sign at all is unknown.
    pub fn outcome(&self) -> Outcome {
        let field = |name: &str| self.result.as_ref().and_then(|result| result.get(name));
        let words = [self.status.as_deref(), field("status").and_then(Value::as_str)];
        let says =
            |judge: fn(&str) -> bool| words.iter().flatten().any(|word| judge(&word.to_ascii_lowercase()));
        let bad_code = self.status_code().is_some_and(|code| code >= 400);
        let bad_exit = self.exit_code().is_some_and(|code| code != 0);
        if says(means_unknown) {
            Outcome::Unknown
        } else if says(means_skipped) {
            Outcome::Skipped
        } else if self.success == Some(false) || bad_code || bad_exit || says(means_failed) {
            Outcome::Failed
        } else if self.success == Some(true) || says(means_succeeded) {
            Outcome::Succeeded
        } else {
            Outcome::Unknown
        }
    }

    /// HTTP status code, if the result has one.
    pub fn status_code(&self) -> Option<i64> {
        self.number("status_code")
    }

    /// Process exit code, if the result has one.
    pub fn exit_code(&self) -> Option<i64> {
        self.number("exit_code")
    }

    fn number(&self, name: &str) -> Option<i64> {
        let value = self.result.as_ref()?.get(name)?;
        value.as_i64().or_else(|| value.as_str()?.trim().parse().ok())
    }
}

fn means_failed(word: &str) -> bool {
    matches!(word, "failed" | "failure" | "error" | "timeout" | "timed_out" | "cancelled" | "refused")
}

fn means_succeeded(word: &str) -> bool {
    matches!(word, "success" | "succeeded" | "completed" | "ok" | "executed")
}

fn means_skipped(word: &str) -> bool {
    matches!(word, "skipped" | "not_run" | "rejected")
}

fn means_unknown(word: &str) -> bool {
    matches!(word, "unknown" | "interrupted" | "running" | "executing" | "started")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn outcome(value: Value) -> Outcome {
        serde_json::from_value::<ActionResult>(value).expect("decodes").outcome()
    }

    #[test]
    fn rule_12_success_true_does_not_hide_a_failure_inside() {
        assert_eq!(outcome(json!({"success":true,"result":{"status":"failed"}})), Outcome::Failed);
        assert_eq!(
            outcome(json!({"success":true,"result":{"status":"success","status_code":404}})),
            Outcome::Failed
        );
        assert_eq!(outcome(json!({"success":true,"result":{"exit_code":2}})), Outcome::Failed);
        assert_eq!(outcome(json!({"success":true,"result":{"status_code":"500"}})), Outcome::Failed);
    }

    #[test]
    fn rule_12_a_result_that_says_nothing_is_unknown() {
        assert_eq!(outcome(json!({"action_id":"a"})), Outcome::Unknown);
        assert_eq!(outcome(json!({"success":null,"status":"running"})), Outcome::Unknown);
        assert_eq!(outcome(json!({"status":"skipped","success":null})), Outcome::Skipped);
        assert_eq!(
            outcome(json!({"success":true,"status":"success","result":{"status_code":200}})),
            Outcome::Succeeded
        );
    }
}
