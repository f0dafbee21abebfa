//! The fingerprint of what a person saw (rule 3, CONTRACT 1b): SHA-256 over RFC 8785 of the fields that decide what
//! will run. Prose, times, status and confidence are not in it.

use crate::action::Risk;
use crate::approval::{Approval, Mode};
use crate::id::{ActionId, PipelineId, RequestId};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use std::fmt;

/// `sha-256:` and 64 hex digits.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[serde(transparent)]
pub struct Digest(pub String);

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[derive(Serialize)]
struct Hashed<'a> {
    v: u8,
    request_id: &'a RequestId,
    pipeline_id: &'a PipelineId,
    revision: u64,
    mode: Mode,
    actions: Vec<HashedAction<'a>>,
}

#[derive(Serialize)]
struct HashedAction<'a> {
    action_id: &'a ActionId,
    version: u64,
    risk_level: Risk,
    requires_approval: bool,
    timeout_s: u64,
    effect: Value,
}

/// The digest of a request as it is here.
pub fn digest(approval: &Approval) -> Digest {
    let hashed = Hashed {
        v: 1,
        request_id: &approval.request_id,
        pipeline_id: &approval.pipeline_id,
        revision: approval.revision,
        mode: approval.mode,
        actions: approval
            .actions
            .iter()
            .map(|a| HashedAction {
                action_id: &a.action.action_id,
                version: a.action.version,
                risk_level: a.action.risk_level,
                requires_approval: a.action.requires_approval,
                timeout_s: a.action.timeout_s(),
                effect: a.effect.to_value(),
            })
            .collect(),
    };
    Digest(format!("sha-256:{}", hash_canonical(&hashed)))
}

/// Lower-case hex SHA-256 over RFC 8785 of any JSON value.
pub fn hash_canonical(value: &impl Serialize) -> String {
    // Maps with string keys, strings and integers: canonicalisation has nothing to refuse.
    let canonical = serde_json_canonicalizer::to_vec(value).unwrap_or_default();
    hex::encode(Sha256::digest(canonical))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Made by another implementation (Python's `json` and `hashlib`): the approval, the exact text, its digest.
    const VECTORS: [(&str, &str); 4] = [
        ("one_http_call", include_str!("../../../../tests/fixtures/digest/one_http_call.json")),
        ("gated_with_secrets", include_str!("../../../../tests/fixtures/digest/gated_with_secrets.json")),
        ("text_beyond_ascii", include_str!("../../../../tests/fixtures/digest/text_beyond_ascii.json")),
        ("other_kinds", include_str!("../../../../tests/fixtures/digest/other_kinds.json")),
    ];

    #[derive(Deserialize)]
    struct Vector {
        approval: Approval,
        canonical: String,
        digest: Digest,
    }

    fn read(text: &str) -> Vector {
        serde_json::from_str(text).expect("a vector")
    }

    #[test]
    fn rule_3_the_digest_is_that_of_another_implementation() {
        for (name, text) in VECTORS {
            let vector = read(text);
            assert_eq!(digest(&vector.approval), vector.digest, "{name}");
            let canonical: Value = serde_json::from_str(&vector.canonical).expect("JSON");
            assert_eq!(format!("sha-256:{}", hash_canonical(&canonical)), vector.digest.0, "{name}");
        }
    }

    #[test]
    fn rule_3_what_will_run_is_in_the_digest_and_what_is_only_told_is_not() {
        let shown = read(VECTORS[1].1).approval;
        let same: [fn(&mut Approval); 5] = [
            |a| a.status = crate::approval::Status::Paused,
            |a| a.error_message.push('!'),
            |a| a.expires_at = None,
            |a| a.confidence = None,
            |a| a.actions[0].action.definition.push('!'),
        ];
        for change in same {
            let mut other = shown.clone();
            change(&mut other);
            assert_eq!(digest(&other), digest(&shown));
        }
        let different: [fn(&mut Approval); 10] = [
            |a| a.request_id = "APR-9".into(),
            |a| a.pipeline_id = "other".into(),
            |a| a.revision += 1,
            |a| a.mode = Mode::Request,
            |a| a.actions.swap(0, 1),
            |a| a.actions[0].action.version += 1,
            |a| a.actions[0].action.risk_level = Risk::High,
            |a| a.actions[0].action.requires_approval = true,
            |a| drop(a.actions[0].action.action_metadata.insert("timeout".into(), 31.into())),
            |a| a.actions[0].effect = a.actions[1].effect.clone(),
        ];
        for change in different {
            let mut other = shown.clone();
            change(&mut other);
            assert_ne!(digest(&other), digest(&shown));
        }
    }
}
