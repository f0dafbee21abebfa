//! One row of the outbox, as it stands on disk and as callers see it.

use crate::StoreError;
use crate::gateways::gateway_id;
use crate::redacted::from_json;
use crate::times::from_us;
use chrono::{DateTime, Utc};
use domain::{
    ActionResult, DecisionId, Digest, OutboxState, PipelineId, Point, RequestId, RequestKey, Verdict,
};
use serde::{Deserialize, Serialize};
use sqlx::SqliteConnection;

/// A decision and how far it has come. What is sent is built from here, never from the draft: secrets in a reason are
/// already taken out, and every try must send the same words.
#[derive(Clone, Debug, PartialEq)]
pub struct OutboxRow {
    /// The decision; also the `Idempotency-Key`.
    pub decision: DecisionId,
    /// The request.
    pub key: RequestKey,
    /// The request, or one action of it.
    pub point: Point,
    /// The pipeline it belongs to.
    pub pipeline: PipelineId,
    /// What the person wants; the reason redacted.
    pub verdict: Verdict,
    /// Of what was shown.
    pub digest: Digest,
    /// Who decided (rule 8).
    pub identity: String,
    /// How far it has come.
    pub state: OutboxState,
    /// A sentence about the state; redacted.
    pub detail: Option<String>,
    /// The request's status at the gateway, if known.
    pub status: Option<String>,
    /// Results so far; redacted.
    pub results: Vec<ActionResult>,
    /// Who decided instead.
    pub superseded: Option<Superseded>,
    /// When the person decided, by this device's clock.
    pub created_at: DateTime<Utc>,
    /// When the row last changed, by this device's clock.
    pub changed_at: DateTime<Utc>,
}

/// Who decided instead, as far as the gateway tells (rule 6, F24).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Superseded {
    /// Who.
    pub by: Option<String>,
    /// When, by the gateway's clock.
    pub at: Option<DateTime<Utc>>,
    /// What, in the gateway's word.
    pub verdict: Option<String>,
}

/// The row in SQLite.
#[derive(sqlx::FromRow)]
pub(crate) struct Row {
    pub(crate) row: i64,
    pub(crate) decision: String,
    pub(super) gateway: String,
    pub(super) request_id: String,
    pub(super) point: String,
    pub(super) action_id: Option<String>,
    pub(super) track: String,
    pub(super) pipeline_id: String,
    pub(super) verdict: String,
    pub(super) digest: String,
    pub(super) identity: String,
    pub(super) state: String,
    pub(crate) detail: Option<String>,
    pub(crate) status: Option<String>,
    pub(crate) results: String,
    pub(crate) superseded: Option<String>,
    pub(super) created_us: i64,
    pub(super) changed_us: i64,
}

impl Row {
    /// The row of a decision.
    pub(crate) async fn of(conn: &mut SqliteConnection, id: DecisionId) -> Result<Option<Self>, StoreError> {
        let row = sqlx::query_as("SELECT * FROM outbox WHERE decision = ?1").bind(id.to_string());
        Ok(row.fetch_optional(conn).await?)
    }

    /// The state on its own.
    pub(crate) fn state(&self) -> Result<OutboxState, StoreError> {
        let unknown = || StoreError::unreadable("state", &self.decision, self.state.clone());
        OutboxState::from_word(&self.state).ok_or_else(unknown)
    }

    /// The row in its types.
    pub(crate) fn read(self) -> Result<OutboxRow, StoreError> {
        let of = &self.decision;
        let bad_id = |e: uuid::Error| StoreError::unreadable("decision id", of, e);
        Ok(OutboxRow {
            decision: DecisionId(of.parse().map_err(bad_id)?),
            key: RequestKey {
                gateway: gateway_id(&self.gateway)?,
                request: RequestId(self.request_id.clone()),
            },
            state: self.state()?,
            verdict: from_json(&self.verdict, "verdict", of)?,
            results: from_json(&self.results, "results", of)?,
            superseded: self
                .superseded
                .as_deref()
                .map(|s| from_json(s, "superseding decision", of))
                .transpose()?,
            point: self.action_id.map_or(Point::Request, |action| Point::Action(action.into())),
            pipeline: PipelineId(self.pipeline_id),
            digest: Digest(self.digest),
            identity: self.identity,
            detail: self.detail,
            status: self.status,
            created_at: from_us(self.created_us),
            changed_at: from_us(self.changed_us),
        })
    }
}
