//! The past as surfaces see it: events and decisions in one list, and whether the receipts hold. Owns the shapes and
//! how they come from what the store keeps; what matches a query is the store's.

use chrono::{DateTime, Utc};
use domain::receipt::{BadReceipt, Head, Verified};
use domain::{ActionId, ActionResult, DecisionId, Digest, GatewayId, OutboxState, PipelineId, RequestId};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use store::OutboxRow;

/// Most entries in one answer.
pub const MOST_ENTRIES: u32 = 1_000;

/// One line of the past.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum HistoryEntry {
    /// Something the gateway said.
    Event {
        /// The gateway's time.
        at: DateTime<Utc>,
        /// Its number here.
        row: i64,
        /// The gateway it came from.
        gateway_id: GatewayId,
        /// The request it is about.
        request_id: Option<RequestId>,
        /// The pipeline it is about.
        pipeline_id: Option<PipelineId>,
        /// One line; redacted. Hostile text.
        title: String,
        /// All of it; redacted. Hostile text.
        event: Value,
    },
    /// Something decided here.
    Decision {
        /// When the person decided, by this device's clock.
        at: DateTime<Utc>,
        /// When it last changed, by this device's clock.
        changed_at: DateTime<Utc>,
        /// Its id.
        decision: DecisionId,
        /// The gateway it went to.
        gateway_id: GatewayId,
        /// The request.
        request_id: RequestId,
        /// Its pipeline.
        pipeline_id: PipelineId,
        /// The action, if only one was decided upon.
        action_id: Option<ActionId>,
        /// `approve`, `reject` or `stop`.
        verdict: String,
        /// Why, where that is needed; redacted.
        reason: Option<String>,
        /// Who.
        identity: String,
        /// What was shown.
        digest: Digest,
        /// Rule 4.
        state: OutboxState,
        /// The request's status when this was written.
        status: Option<String>,
        /// A sentence.
        detail: Option<String>,
        /// The error that asked for it, as it was shown; redacted. Hostile text.
        error_message: String,
        /// What really happened; redacted.
        execution_results: Vec<ActionResult>,
    },
}

/// Whether the chain of receipts holds (rule 10).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
pub struct Receipts {
    /// It does.
    pub ok: bool,
    /// How many hold, from the first.
    pub count: u64,
    /// The last one's hash, as it stands on disk.
    pub head: String,
    /// How many of them were signed by a key that lived only for its run.
    pub unattested: u64,
    /// The first that does not hold; nothing after it can be trusted.
    pub bad: Option<BadReceipt>,
}

impl From<store::HistoryEntry> for HistoryEntry {
    fn from(entry: store::HistoryEntry) -> Self {
        match entry {
            store::HistoryEntry::Event(event) => HistoryEntry::Event {
                at: event.at,
                row: event.row.0,
                gateway_id: event.gateway,
                request_id: event.request,
                pipeline_id: event.pipeline,
                title: event.title,
                event: event.raw,
            },
            store::HistoryEntry::Decision { row, error_message } => decision(*row, error_message),
        }
    }
}

impl Receipts {
    /// From what the walk along the chain found; `head` is the end of a chain that does not hold.
    pub fn of(walked: Result<Verified, BadReceipt>, head: Head) -> Self {
        match walked {
            Ok(Verified { count, head, unattested }) => Self { ok: true, count, head, unattested, bad: None },
            Err(bad) => Self {
                ok: false,
                count: bad.seq.saturating_sub(1),
                head: head.hash,
                unattested: 0,
                bad: Some(bad),
            },
        }
    }
}

fn decision(row: OutboxRow, error_message: String) -> HistoryEntry {
    HistoryEntry::Decision {
        at: row.created_at,
        changed_at: row.changed_at,
        decision: row.decision,
        gateway_id: row.key.gateway,
        request_id: row.key.request,
        pipeline_id: row.pipeline,
        action_id: row.point.action().cloned(),
        verdict: row.verdict.word().to_owned(),
        reason: row.verdict.reason().map(str::to_owned),
        identity: row.identity,
        digest: row.digest,
        state: row.state,
        status: row.status,
        detail: row.detail,
        error_message,
        execution_results: row.results,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::receipt::Flaw;

    #[test]
    fn rule_10_a_broken_chain_says_how_much_of_it_holds_and_names_the_first_bad_receipt() {
        let bad = BadReceipt { seq: 3, why: Flaw::Content };
        let found = Receipts::of(Err(bad.clone()), Head { seq: 9, hash: "h".into() });
        assert_eq!((found.ok, found.count, found.bad), (false, 2, Some(bad)));
        let whole = Verified { count: 4, head: "h".into(), unattested: 1 };
        let found = Receipts::of(Ok(whole), Head { seq: 4, hash: "h".into() });
        assert_eq!((found.ok, found.count, found.unattested, found.bad), (true, 4, 1, None));
    }
}
