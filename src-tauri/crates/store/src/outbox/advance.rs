//! Moving a decision on: the row and its *outcome* receipt, all or nothing (rules 4 and 10).

use super::row::{OutboxRow, Row, Superseded};
use crate::redacted::{Redacted, to_json};
use crate::times::to_us;
use crate::{File, Store, StoreError, receipts, shown};
use domain::receipt::Fact;
use domain::redact::redact_text;
use domain::{ActionResult, DecisionId, OutboxState};
use sqlx::SqliteConnection;

/// What has become known about a decision. What is `None` or empty is not known anew: what was known before stays,
/// except that a sentence belongs to its state and goes with it.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// The state it has now; the same one when only more is known.
    pub next: OutboxState,
    /// A sentence about it.
    pub detail: Option<String>,
    /// The request's status at the gateway.
    pub status: Option<String>,
    /// All results so far.
    pub results: Vec<ActionResult>,
    /// Who decided instead.
    pub superseded: Option<Superseded>,
}

impl Change {
    /// A move to `next` about which nothing else is known.
    pub fn to(next: OutboxState) -> Self {
        Self { next, detail: None, status: None, results: Vec::new(), superseded: None }
    }
}

impl Store {
    /// Moves a decision on. With the state it already has, only more detail, status or results are taken; if nothing
    /// of it is new, nothing is written and the row comes back as it is.
    ///
    /// On a full disk the ballast is given up and the write tried once more: a decision in flight must be closable.
    ///
    /// # Errors
    /// [`StoreError::UnknownDecision`]; [`StoreError::IllegalMove`] by `OutboxState::may_become`.
    pub async fn advance(&self, decision: DecisionId, change: &Change) -> Result<OutboxRow, StoreError> {
        let moved = match self.advance_once(decision, change).await {
            Err(StoreError::DiskFull(_)) if self.ballast.drop_it() => {
                tracing::warn!("the disk is full: the room held back for decisions in flight is used now");
                // Whether or not it closes now: there is no room for anything new.
                self.note_full();
                self.advance_once(decision, change).await
            }
            done => done,
        };
        self.noted(File::Decisions, moved)
    }

    async fn advance_once(&self, decision: DecisionId, change: &Change) -> Result<OutboxRow, StoreError> {
        let mut tx = self.writable()?.begin_with("BEGIN IMMEDIATE").await?;
        let row = Row::of(&mut tx, decision).await?.ok_or(StoreError::UnknownDecision(decision))?;
        let from = row.state()?;
        if change.next != from && !from.may_become(change.next) {
            return Err(StoreError::IllegalMove { from, to: change.next });
        }
        let known = Known::after(&row, from, change, &self.keys.redaction);
        if change.next == from && known.is_in(&row) {
            return row.read();
        }
        let now = self.clock.now();
        let row = known.write(&mut tx, decision, change.next, to_us(now)).await?;
        shown::index(&mut tx, &row).await?;
        let row = row.read()?;
        receipts::append(&mut tx, &self.keys.device, now, outcome(&row)).await?;
        tx.commit().await?;
        Ok(row)
    }
}

/// The changeable columns.
struct Known {
    detail: Option<String>,
    status: Option<String>,
    results: String,
    superseded: Option<String>,
}

impl Known {
    fn after(row: &Row, from: OutboxState, change: &Change, key: &[u8; 32]) -> Self {
        let detail = change.detail.as_deref().map(redact_text);
        let kept = if change.next == from { row.detail.clone() } else { None };
        let results = || Redacted::of(&change.results, key).json();
        Self {
            detail: detail.or(kept),
            status: change.status.as_deref().map(redact_text).or_else(|| row.status.clone()),
            results: if change.results.is_empty() { row.results.clone() } else { results() },
            superseded: change.superseded.as_ref().map(to_json).or_else(|| row.superseded.clone()),
        }
    }

    fn is_in(&self, row: &Row) -> bool {
        self.detail == row.detail
            && self.status == row.status
            && self.results == row.results
            && self.superseded == row.superseded
    }

    async fn write(
        &self,
        conn: &mut SqliteConnection,
        decision: DecisionId,
        state: OutboxState,
        now_us: i64,
    ) -> Result<Row, StoreError> {
        let row = sqlx::query_as(
            "UPDATE outbox
             SET state = ?2, detail = ?3, status = ?4, results = ?5, superseded = ?6, changed_us = ?7
             WHERE decision = ?1
             RETURNING *",
        )
        .bind(decision.to_string())
        .bind(state.word())
        .bind(&self.detail)
        .bind(&self.status)
        .bind(&self.results)
        .bind(&self.superseded)
        .bind(now_us)
        .fetch_one(conn)
        .await?;
        Ok(row)
    }
}

fn outcome(row: &OutboxRow) -> Fact {
    Fact::Outcome {
        gateway: row.key.gateway,
        request_id: row.key.request.clone(),
        decision: row.decision,
        state: row.state,
        status: row.status.clone(),
        detail: row.detail.clone(),
        results: row.results.clone(),
    }
}
