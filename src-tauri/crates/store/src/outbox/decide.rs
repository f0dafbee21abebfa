//! Opening a decision: the row, the request as shown and the *decided* receipt, all or nothing (rules 1, 4 and 10).

use super::row::{OutboxRow, Row};
use super::track;
use crate::receipts;
use crate::redacted::{Redacted, to_json};
use crate::shown;
use crate::times::to_us;
use crate::{File, Store, StoreError};
use chrono::{DateTime, Utc};
use domain::receipt::Fact;
use domain::redact::redact_text;
use domain::{Approval, DecisionId, Digest, OutboxState, PipelineId, Point, RequestKey, Verdict};
use sqlx::SqliteConnection;

/// A decision that a person has just confirmed.
#[derive(Clone, Debug, PartialEq)]
pub struct NewDecision {
    /// Fresh and random; the `Idempotency-Key` of every try.
    pub decision: DecisionId,
    /// The request.
    pub key: RequestKey,
    /// The request, or one action of it.
    pub point: Point,
    /// The pipeline it belongs to.
    pub pipeline: PipelineId,
    /// What the person wants.
    pub verdict: Verdict,
    /// Of what was shown; must be the digest of the request handed over with it.
    pub digest: Digest,
    /// The signed-in identity (rule 8).
    pub identity: String,
    /// How it starts.
    pub opening: Opening,
    /// The target's name, where a high-risk decision asked to type it.
    pub typed: Option<String>,
}

/// How a decision starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Opening {
    /// In its undo window.
    Held,
    /// Ready to be sent.
    Queued,
}

/// What became of an attempt to decide.
#[derive(Clone, Debug, PartialEq)]
pub enum Decided {
    /// The decision is on disk, with its receipt.
    Opened(OutboxRow),
    /// The point is locked by this open decision, which stands; nothing was written. Also the answer when the same
    /// decision comes twice.
    Joined(OutboxRow),
}

impl From<Opening> for OutboxState {
    fn from(opening: Opening) -> Self {
        match opening {
            Opening::Held => OutboxState::Held,
            Opening::Queued => OutboxState::Queued,
        }
    }
}

impl Store {
    /// Writes a decision down before anything is sent. `shown` is the request exactly as the person saw it, secrets
    /// and all; it is kept redacted.
    ///
    /// # Errors
    /// [`StoreError::NotWhatWasShown`] when digest or request id are not those of `shown`;
    /// [`StoreError::UnknownGateway`]; [`StoreError::DiskFull`], after which nothing is on disk (F39).
    pub async fn decide(&self, new: &NewDecision, shown: &Approval) -> Result<Decided, StoreError> {
        self.noted(File::Decisions, self.decide_once(new, shown).await)
    }

    async fn decide_once(&self, new: &NewDecision, shown: &Approval) -> Result<Decided, StoreError> {
        if new.digest != shown.computed_digest() || new.key.request != shown.request_id {
            return Err(StoreError::NotWhatWasShown);
        }
        let approval = Redacted::of(shown, &self.keys.redaction);
        let verdict = without_secrets(&new.verdict);
        let now = self.clock.now();

        let mut tx = self.writable()?.begin_with("BEGIN IMMEDIATE").await?;
        if let Some(row) = in_the_way(&mut tx, new).await? {
            return Ok(Decided::Joined(row.read()?));
        }
        refuse_unknown_gateway(&mut tx, new).await?;
        let row = insert(&mut tx, new, &verdict, now).await?;
        shown::insert(&mut tx, new, &verdict, &approval).await?;
        shown::index(&mut tx, &row).await?;
        let fact = decided(new, verdict, shown, &approval);
        receipts::append(&mut tx, &self.keys.device, now, fact).await?;
        tx.commit().await?;
        Ok(Decided::Opened(row.read()?))
    }
}

/// The open decision at the same point, or this very decision if it is there already.
async fn in_the_way(conn: &mut SqliteConnection, new: &NewDecision) -> Result<Option<Row>, StoreError> {
    if let Some(same) = Row::of(conn, new.decision).await? {
        return Ok(Some(same));
    }
    let rows: Vec<Row> = sqlx::query_as(
        "SELECT * FROM outbox WHERE gateway = ?1 AND request_id = ?2 AND point = ?3 AND track = ?4",
    )
    .bind(new.key.gateway.to_string())
    .bind(new.key.request.as_str())
    .bind(new.point.key())
    .bind(track(&new.verdict))
    .fetch_all(conn)
    .await?;
    for row in rows {
        if row.state()?.locks() {
            return Ok(Some(row));
        }
    }
    Ok(None)
}

async fn refuse_unknown_gateway(conn: &mut SqliteConnection, new: &NewDecision) -> Result<(), StoreError> {
    let known: i64 = sqlx::query_scalar("SELECT count(*) FROM gateways WHERE id = ?1")
        .bind(new.key.gateway.to_string())
        .fetch_one(conn)
        .await?;
    if known == 0 { Err(StoreError::UnknownGateway(new.key.gateway)) } else { Ok(()) }
}

async fn insert(
    conn: &mut SqliteConnection,
    new: &NewDecision,
    verdict: &Verdict,
    now: DateTime<Utc>,
) -> Result<Row, StoreError> {
    let row = sqlx::query_as(
        "INSERT INTO outbox (decision, gateway, request_id, point, action_id, track, pipeline_id, verdict, digest,
                             identity, state, results, created_us, changed_us)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, '[]', ?12, ?12)
         RETURNING *",
    )
    .bind(new.decision.to_string())
    .bind(new.key.gateway.to_string())
    .bind(new.key.request.as_str())
    .bind(new.point.key())
    .bind(new.point.action().map(|action| action.as_str()))
    .bind(track(verdict))
    .bind(new.pipeline.as_str())
    .bind(to_json(verdict))
    .bind(&new.digest.0)
    .bind(&new.identity)
    .bind(OutboxState::from(new.opening).word())
    .bind(to_us(now))
    .fetch_one(conn)
    .await?;
    Ok(row)
}

fn without_secrets(verdict: &Verdict) -> Verdict {
    match verdict {
        Verdict::Approve => Verdict::Approve,
        Verdict::Reject { reason } => Verdict::Reject { reason: redact_text(reason) },
        Verdict::Stop { reason } => Verdict::Stop { reason: redact_text(reason) },
    }
}

fn decided(new: &NewDecision, verdict: Verdict, shown: &Approval, redacted: &Redacted) -> Fact {
    let actions = redacted.value["actions"].as_array().map(Vec::as_slice).unwrap_or_default();
    debug_assert_eq!(actions.len(), shown.actions.len());
    Fact::Decided {
        gateway: new.key.gateway,
        request_id: new.key.request.clone(),
        point: new.point.clone(),
        decision: new.decision,
        verdict,
        identity: new.identity.clone(),
        digest: new.digest.clone(),
        effects: actions.iter().map(|action| action["effect"].clone()).collect(),
        pipeline_id: Some(new.pipeline.clone()),
        opening: Some(new.opening.into()),
        record: Some(shown::record(&redacted.json(), &redacted.holes_json(), new.typed.as_deref())),
    }
}
