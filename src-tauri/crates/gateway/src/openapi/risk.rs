//! How risky an operation is held to be until a person says otherwise.
//!
//! | what the document shows | risk |
//! | --- | --- |
//! | `x-holdpoint-risk: low`, `medium` or `high` | as it says, up or down |
//! | DELETE, or a word of [`IRREVERSIBLE`] in the operation's id or path | high |
//! | POST, PUT, PATCH, or a word of [`CHANGING`] there | medium |
//! | GET, HEAD, OPTIONS | low |
//!
//! A word can only raise: there are services that delete on a GET. Prose is not looked at ("does not delete anything").
//! `x-holdpoint-requires-approval` says whether the action asks for itself; without it, high risk does.

use crate::render::HttpMethod;
use domain::Risk;
use serde_json::Value;

/// Words of things that do not come back by themselves.
pub(super) const IRREVERSIBLE: &[&str] = &[
    "delete",
    "destroy",
    "drop",
    "erase",
    "failover",
    "format",
    "purge",
    "remove",
    "shutdown",
    "terminate",
    "truncate",
    "uninstall",
    "wipe",
];

/// Words of things that change something.
pub(super) const CHANGING: &[&str] = &[
    "apply", "block", "cancel", "clear", "create", "deploy", "disable", "drain", "enable", "evict", "flush",
    "kill", "reboot", "reload", "reset", "resize", "restart", "restore", "rollback", "rotate", "scale",
    "set", "start", "stop", "trigger", "update",
];

/// The risk of an operation; `slugged_name` is its id or path, words apart by dashes.
pub fn risk_level(method: HttpMethod, slugged_name: &str, told: Option<&Value>) -> Risk {
    match told.and_then(Value::as_str).map(str::to_ascii_lowercase).as_deref() {
        Some("low") => return Risk::Low,
        Some("medium") => return Risk::Medium,
        Some("high") => return Risk::High,
        _ => {}
    }
    let names = |words: &[&str]| slugged_name.split('-').any(|word| words.contains(&word));
    match method {
        _ if names(IRREVERSIBLE) => Risk::High,
        HttpMethod::Delete => Risk::High,
        _ if names(CHANGING) => Risk::Medium,
        HttpMethod::Post | HttpMethod::Put | HttpMethod::Patch => Risk::Medium,
        HttpMethod::Get | HttpMethod::Head | HttpMethod::Options => Risk::Low,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn method_and_words_give_the_risk_and_words_only_raise_it() {
        assert_eq!(risk_level(HttpMethod::Get, "check-pool", None), Risk::Low);
        assert_eq!(risk_level(HttpMethod::Get, "pool-restart", None), Risk::Medium);
        assert_eq!(risk_level(HttpMethod::Get, "delete-everything", None), Risk::High);
        assert_eq!(risk_level(HttpMethod::Post, "list-items", None), Risk::Medium);
        assert_eq!(risk_level(HttpMethod::Delete, "items", None), Risk::High);
        assert_eq!(risk_level(HttpMethod::Get, "undeleted-settings", None), Risk::Low);
    }

    #[test]
    fn the_documents_own_word_counts_in_both_directions() {
        assert_eq!(risk_level(HttpMethod::Delete, "x", Some(&json!("low"))), Risk::Low);
        assert_eq!(risk_level(HttpMethod::Get, "x", Some(&json!("HIGH"))), Risk::High);
        assert_eq!(risk_level(HttpMethod::Get, "x", Some(&json!("harmless"))), Risk::Low);
    }
}
