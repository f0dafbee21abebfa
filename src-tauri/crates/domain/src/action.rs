//! Runbook actions as registered, and as rendered into an approval (CONTRACT 1, 1b).

use crate::effect::Effect;
use crate::id::ActionId;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::fmt;

/// Seconds an action may take when its registry entry does not say (CONTRACT 1b).
pub const DEFAULT_TIMEOUT_S: u64 = 30;

/// How much harm an action can do, as its registry entry says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[serde(rename_all = "lowercase")]
pub enum Risk {
    /// Reads, or is harmless to repeat.
    Low,
    /// Changes something that comes back by itself.
    Medium,
    /// Asks for the target's name to be typed; never covered by "approve all".
    High,
}

impl fmt::Display for Risk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Risk::Low => "low",
            Risk::Medium => "medium",
            Risk::High => "high",
        })
    }
}

/// What happens to the rest of the chain when this action fails.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[serde(rename_all = "lowercase")]
pub enum OnFailure {
    /// The chain ends as failed.
    #[default]
    Stop,
    /// The next action runs all the same.
    Continue,
}

/// A registry entry: `RemediationAction` of CONTRACT 1. Fields this build does not know are kept in `extra`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
pub struct RemediationAction {
    /// Unique within its pipeline.
    pub action_id: ActionId,
    /// From 1, plus one with each edit; 0 on a gateway without versions.
    #[serde(default)]
    pub version: u64,
    /// `rpc`, `api`, `script`, `command`, `k8s`; other words are kept.
    #[serde(default)]
    pub method: String,
    /// The service it acts on: the target that a high-risk decision asks to type.
    #[serde(default)]
    pub service: String,
    /// What it does, for people. Prose, not hashed.
    #[serde(default, deserialize_with = "null_as_default")]
    pub definition: String,
    /// Always needs a decision of its own.
    #[serde(default)]
    pub requires_approval: bool,
    /// See [`Risk`]. An entry that does not say is high.
    #[serde(default = "highest_risk")]
    pub risk_level: Risk,
    /// Someone has checked that it does what it says.
    #[serde(default)]
    pub validated: bool,
    /// How it is carried out, in the form of its method.
    #[serde(default, deserialize_with = "null_as_default")]
    pub execution: Map<String, Value>,
    /// Its parameters by name.
    #[serde(default, deserialize_with = "null_as_default")]
    pub parameters: BTreeMap<String, Parameter>,
    /// Names of the secrets that are filled in at execution.
    #[serde(default, deserialize_with = "secret_names")]
    pub secrets: Vec<String>,
    /// See [`OnFailure`].
    #[serde(default)]
    pub on_failure: OnFailure,
    /// How to undo it, if it says.
    #[serde(default)]
    pub rollback: Option<Value>,
    /// `timeout` in seconds, and whatever else.
    #[serde(default, deserialize_with = "null_as_default")]
    pub action_metadata: Map<String, Value>,
    /// Unknown fields, kept.
    #[serde(flatten)]
    #[cfg_attr(feature = "bindings", ts(skip))]
    pub extra: Map<String, Value>,
}

/// One parameter of an action.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
pub struct Parameter {
    /// JSON-schema type word; empty if not told.
    #[serde(rename = "type", default)]
    pub kind: String,
    /// A value must come from the context or the default.
    #[serde(default)]
    pub required: bool,
    /// Used when the context has none.
    #[serde(default)]
    pub default: Option<Value>,
    /// The whole value must match.
    #[serde(default)]
    pub validation_regex: Option<String>,
    /// Unknown fields, kept.
    #[serde(flatten)]
    #[cfg_attr(feature = "bindings", ts(skip))]
    pub extra: Map<String, Value>,
}

/// An action as it stands in an approval: the entry, the values, and exactly what will be done.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
pub struct RenderedAction {
    /// The registry entry at the time of rendering.
    #[serde(flatten)]
    pub action: RemediationAction,
    /// Values by parameter name.
    #[serde(default)]
    pub arguments: BTreeMap<String, Value>,
    /// What will be done.
    pub effect: Effect,
}

impl RemediationAction {
    /// Needs a decision of its own at any confidence (CONTRACT 1a): it says so, is of high risk, or nobody checked it.
    pub fn gated(&self) -> bool {
        self.requires_approval || self.risk_level == Risk::High || !self.validated
    }

    /// Seconds it may take: `action_metadata.timeout`, or [`DEFAULT_TIMEOUT_S`]. A fraction is rounded up.
    pub fn timeout_s(&self) -> u64 {
        let told = self.action_metadata.get("timeout");
        told.and_then(|t| t.as_u64().or_else(|| t.as_f64().filter(|s| *s > 0.0).map(|s| s.ceil() as u64)))
            .unwrap_or(DEFAULT_TIMEOUT_S)
    }
}

fn highest_risk() -> Risk {
    Risk::High
}

fn null_as_default<'de, D: Deserializer<'de>, T: Default + Deserialize<'de>>(d: D) -> Result<T, D::Error> {
    Option::<T>::deserialize(d).map(Option::unwrap_or_default)
}

/// A list of names here, `{"secret_references":[...]}` on the platform.
fn secret_names<'de, D: Deserializer<'de>>(d: D) -> Result<Vec<String>, D::Error> {
    let names = |list: &[Value]| list.iter().filter_map(|v| v.as_str().map(str::to_owned)).collect();
    Ok(match Value::deserialize(d)? {
        Value::Array(list) => names(&list),
        Value::Object(map) => match map.get("secret_references") {
            Some(Value::Array(list)) => names(list),
            _ => map.keys().cloned().collect(),
        },
        _ => Vec::new(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_entry_that_names_no_risk_is_high_and_gated() {
        let action: RemediationAction = serde_json::from_value(json!({"action_id":"a"})).expect("tolerant");
        assert_eq!(action.risk_level, Risk::High);
        assert!(action.gated());
        assert_eq!(action.timeout_s(), DEFAULT_TIMEOUT_S);
    }

    #[test]
    fn unknown_fields_and_both_forms_of_secrets_are_read() {
        let value =
            json!({"action_id":"a","secrets":{"secret_references":["k"]},"team":"db","risk_level":"low"});
        let action: RemediationAction = serde_json::from_value(value).expect("tolerant");
        assert_eq!(action.secrets, ["k"]);
        assert_eq!(action.extra["team"], "db");
    }
}
