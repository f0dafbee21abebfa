//! What differs between a request as it was shown and as it is now, field by field (rule 3): everything the digest covers,
//! in words, and nothing else. Owns the comparison; escaping and layout are the surface's.

use crate::action::RenderedAction;
use crate::approval::Approval;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// One field that is not what it was.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
pub struct Difference {
    /// In words; a field of an action begins with the action's id.
    pub field: String,
    /// `None`: it was not there. May hold hostile text.
    pub before: Option<String>,
    /// `None`: it is gone. May hold hostile text.
    pub after: Option<String>,
}

/// Every field of the digest that differs, in reading order. Empty exactly if the digests are equal, as long as both hold
/// what was hashed and not a redacted copy.
pub fn differences(before: &Approval, after: &Approval) -> Vec<Difference> {
    let (old, new) = (fields(before), fields(after));
    let value = |list: &[(String, String)], field: &str| {
        list.iter().find(|(name, _)| name == field).map(|(_, value)| value.clone())
    };
    let gone = old.iter().filter(|(name, _)| value(&new, name).is_none());
    let mut found: Vec<Difference> = new
        .iter()
        .map(|(name, now)| (name, value(&old, name), Some(now.clone())))
        .chain(gone.map(|(name, was)| (name, Some(was.clone()), None)))
        .filter(|(_, before, after)| before != after)
        .map(|(name, before, after)| Difference { field: name.clone(), before, after })
        .collect();
    found.dedup();
    found
}

fn fields(approval: &Approval) -> Vec<(String, String)> {
    let ids: Vec<&str> = approval.actions.iter().map(|rendered| rendered.action.action_id.as_str()).collect();
    let mut fields = vec![
        ("request".to_owned(), approval.request_id.to_string()),
        ("pipeline".to_owned(), approval.pipeline_id.to_string()),
        ("revision".to_owned(), approval.revision.to_string()),
        ("approval mode".to_owned(), word(&approval.mode)),
        ("actions in order".to_owned(), ids.join(", ")),
    ];
    for (place, rendered) in approval.actions.iter().enumerate() {
        let id = rendered.action.action_id.as_str();
        // The same action may stand in a request more than once.
        let again = ids[..place].iter().filter(|other| **other == id).count();
        let name = if again == 0 { id.to_owned() } else { format!("{id} ({})", again + 1) };
        of_action(&name, rendered, &mut fields);
    }
    fields
}

fn of_action(name: &str, rendered: &RenderedAction, fields: &mut Vec<(String, String)>) {
    let action = &rendered.action;
    let own = if action.requires_approval { "yes" } else { "no" };
    fields.extend([
        (format!("{name}: version"), action.version.to_string()),
        (format!("{name}: risk"), word(&action.risk_level)),
        (format!("{name}: needs its own approval"), own.to_owned()),
        (format!("{name}: time-out"), format!("{} s", action.timeout_s())),
    ]);
    leaves(&format!("{name}: "), "", &rendered.effect.to_value(), fields);
}

/// The exact texts of an effect, each under its path. A text with secrets in it is one text.
fn leaves(prefix: &str, path: &str, value: &Value, fields: &mut Vec<(String, String)>) {
    match value {
        Value::Object(map) if !map.is_empty() => {
            for (key, inner) in map {
                let path = if path.is_empty() { key.clone() } else { format!("{path} {key}") };
                leaves(prefix, &path, inner, fields);
            }
        }
        Value::Array(items) if !items.is_empty() && !is_text(items) => {
            for (place, inner) in items.iter().enumerate() {
                leaves(prefix, &format!("{path} {}", place + 1), inner, fields);
            }
        }
        Value::String(text) => fields.push((format!("{prefix}{path}"), text.clone())),
        other => fields.push((format!("{prefix}{path}"), other.to_string())),
    }
}

/// Is it one text in parts, some of which are secrets?
fn is_text(items: &[Value]) -> bool {
    items.iter().any(|item| item.get("secret").is_some())
}

fn word(value: &impl Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(Value::String(word)) => word.replace('_', " "),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn base() -> Value {
        json!({
            "request_id": "r", "pipeline_id": "p", "revision": 1, "mode": "request", "error_message": "boom",
            "action_ids": ["restart", "check"], "status": "pending",
            "actions": [
                {"action_id": "restart", "version": 1, "service": "db", "risk_level": "medium",
                 "requires_approval": false, "validated": true, "action_metadata": {"timeout": 30},
                 "effect": {"kind": "http", "method": "POST", "url": "http://a/restart",
                            "headers": {"x-mode": "soft"}, "body": "{\"pool\":\"main\"}"}},
                {"action_id": "check", "version": 1, "service": "db", "risk_level": "low",
                 "requires_approval": false, "validated": true,
                 "effect": {"kind": "ssh", "host": "db1", "port": "22", "user": "ops", "host_key": "k",
                            "argv": ["pg_isready", "-q"]}},
            ],
        })
    }

    fn approval(value: Value) -> Approval {
        serde_json::from_value(value).expect("an approval")
    }

    fn changed(pointer: &str, to: Value) -> Approval {
        let mut value = base();
        *value.pointer_mut(pointer).expect(pointer) = to;
        approval(value)
    }

    #[test]
    fn rule_3_every_hashed_field_that_changes_is_named_with_both_values() {
        let cases = [
            ("/revision", json!(2), "revision", "1", "2"),
            ("/mode", json!("per_action"), "approval mode", "request", "per action"),
            ("/actions/0/version", json!(2), "restart: version", "1", "2"),
            ("/actions/0/risk_level", json!("high"), "restart: risk", "medium", "high"),
            ("/actions/0/requires_approval", json!(true), "restart: needs its own approval", "no", "yes"),
            ("/actions/0/action_metadata/timeout", json!(60), "restart: time-out", "30 s", "60 s"),
            ("/actions/0/effect/method", json!("PUT"), "restart: method", "POST", "PUT"),
            (
                "/actions/0/effect/url",
                json!("http://b/restart"),
                "restart: url",
                "http://a/restart",
                "http://b/restart",
            ),
            ("/actions/0/effect/headers/x-mode", json!("hard"), "restart: headers x-mode", "soft", "hard"),
            ("/actions/0/effect/body", json!("{}"), "restart: body", "{\"pool\":\"main\"}", "{}"),
            ("/actions/1/effect/host", json!("db2"), "check: host", "db1", "db2"),
            ("/actions/1/effect/port", json!("2222"), "check: port", "22", "2222"),
            ("/actions/1/effect/user", json!("root"), "check: user", "ops", "root"),
            ("/actions/1/effect/host_key", json!("other"), "check: host_key", "k", "other"),
            ("/actions/1/effect/argv/1", json!("-v"), "check: argv 2", "-q", "-v"),
        ];
        for (pointer, to, field, before, after) in cases {
            let now = changed(pointer, to);
            assert_ne!(now.computed_digest(), approval(base()).computed_digest(), "{pointer} is hashed");
            let expected = Difference {
                field: field.to_owned(),
                before: Some(before.to_owned()),
                after: Some(after.to_owned()),
            };
            assert_eq!(differences(&approval(base()), &now), [expected], "{pointer}");
        }
    }

    #[test]
    fn rule_3_an_action_that_came_or_went_and_a_new_order_are_told() {
        let mut value = base();
        value["actions"].as_array_mut().expect("actions").swap(0, 1);
        let swapped = differences(&approval(base()), &approval(value));
        assert_eq!(swapped.len(), 1);
        assert_eq!(swapped[0].after.as_deref(), Some("check, restart"));

        let mut value = base();
        value["actions"].as_array_mut().expect("actions").pop();
        let gone = differences(&approval(base()), &approval(value));
        assert!(gone.iter().any(|one| one.field == "check: host" && one.after.is_none()), "{gone:?}");
    }

    #[test]
    fn what_is_not_hashed_is_no_difference() {
        let now = changed("/error_message", json!("another sentence"));
        assert_eq!(differences(&approval(base()), &now), []);
    }

    #[test]
    fn a_text_with_a_secret_in_it_is_one_text() {
        let now = changed("/actions/0/effect/url", json!(["http://a/", {"secret": "token"}]));
        let found = differences(&approval(base()), &now);
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].after.as_deref().is_some_and(|text| text.contains("token")));
    }
}
