//! What a decision's row must say, by its signed receipts alone. Pure.

use super::row::Row;
use super::track;
use crate::redacted::to_json;
use crate::times::to_us;
use domain::receipt::{Fact, Receipt};
use domain::{DecisionId, OutboxState, Verdict};
use serde_json::Value;

/// The columns of a row as its receipts attest them. `None`: they are too old to tell.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Attested {
    pub(super) decision: DecisionId,
    pub(super) gateway: String,
    pub(super) request_id: String,
    pub(super) point: String,
    pub(super) action_id: Option<String>,
    pub(super) track: &'static str,
    pub(super) pipeline_id: Option<String>,
    pub(super) verdict: Verdict,
    pub(super) digest: String,
    pub(super) identity: String,
    pub(super) record: Option<String>,
    pub(super) state: Option<OutboxState>,
    pub(super) detail: Option<String>,
    pub(super) status: Option<String>,
    pub(super) results: Value,
    pub(super) created_us: i64,
    pub(super) changed_us: i64,
}

impl Attested {
    /// From the receipts of one decision, oldest first. `None` without the one that says it was decided.
    pub(crate) fn by(receipts: &[Receipt]) -> Option<Self> {
        let mut found = receipts.iter().find_map(Self::decided)?;
        for receipt in receipts {
            let Fact::Outcome { state, status, detail, results, .. } = &receipt.fact else { continue };
            found.state = Some(*state);
            found.status.clone_from(status);
            found.detail.clone_from(detail);
            found.results = serde_json::to_value(results).unwrap_or_default();
            found.changed_us = to_us(receipt.at);
        }
        Some(found)
    }

    fn decided(receipt: &Receipt) -> Option<Self> {
        let Fact::Decided {
            gateway,
            request_id,
            point,
            decision,
            verdict,
            identity,
            digest,
            pipeline_id,
            opening,
            record,
            ..
        } = &receipt.fact
        else {
            return None;
        };
        Some(Self {
            decision: *decision,
            gateway: gateway.to_string(),
            request_id: request_id.to_string(),
            point: point.key().to_owned(),
            action_id: point.action().map(|action| action.to_string()),
            track: track(verdict),
            pipeline_id: pipeline_id.as_ref().map(|id| id.as_str().to_owned()),
            verdict: verdict.clone(),
            digest: digest.0.clone(),
            identity: identity.clone(),
            record: record.clone(),
            state: *opening,
            detail: None,
            status: None,
            results: Value::Array(Vec::new()),
            created_us: to_us(receipt.at),
            changed_us: to_us(receipt.at),
        })
    }

    /// Does the row say the same?
    pub(super) fn fits(&self, row: &Row) -> bool {
        let value = |text: &str| serde_json::from_str::<Value>(text).ok();
        let pipeline = self.pipeline_id.as_ref().is_none_or(|id| *id == row.pipeline_id);
        // Looking it up is right whatever it may have come to since.
        let careful = |state| sendable(state) && row.state == OutboxState::Unknown.word();
        let state = self.state.is_none_or(|state| state.word() == row.state || careful(state));
        pipeline
            && state
            && self.decision.to_string() == row.decision
            && self.gateway == row.gateway
            && self.request_id == row.request_id
            && self.point == row.point
            && self.action_id == row.action_id
            && self.track == row.track
            && value(&to_json(&self.verdict)) == value(&row.verdict)
            && self.digest == row.digest
            && self.identity == row.identity
            && self.detail == row.detail
            && self.status == row.status
            && Some(&self.results) == value(&row.results).as_ref()
            && (self.created_us, self.changed_us) == (row.created_us, row.changed_us)
    }
}

/// May a row in this state go on the wire?
pub(super) fn sendable(state: OutboxState) -> bool {
    matches!(state, OutboxState::Held | OutboxState::Queued | OutboxState::Sent)
}
