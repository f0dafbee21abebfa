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
