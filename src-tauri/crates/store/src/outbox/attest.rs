//! Is each row of the outbox what was written here? (A27) Another program may have changed the file: a row that departs
//! from its signed receipts is put back, one without any is closed unsent. No decision is taken from the file alone.

use super::attested::{Attested, sendable};
use super::keyring::Keyring;
use super::row::Row;
use crate::incidents::{self, Incident, Kind};
use crate::redacted::to_json;
use crate::times::to_us;
use crate::{Store, StoreError, receipts, shown};
use domain::OutboxState;
use domain::receipt::{Attestation, Receipt};
use sqlx::SqliteConnection;

/// Which rows are looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Those that may still be sent or followed. Their receipts must be signed by this device's own key, where the
    /// keychain keeps one.
    Open,
    /// All of them.
    All,
}

/// Rows that say they have ended and are looked at all the same.
const NEWEST: i64 = 50;

/// In what order rows are mended.
#[derive(Clone, Copy, PartialEq)]
enum Pass {
    /// Those that were not made here.
    Close,
    /// Those that say something else than their receipts.
    PutBack,
}

impl Store {
    /// Compares rows with their receipts and mends what departs. What was found, told once each.
    pub async fn attest(&self, scope: Scope) -> Result<Vec<Incident>, StoreError> {
        let mut found = Vec::new();
        let keys = self.keyring(scope).await?;
        // What was not made here goes first: it may hold the lock of a row that is to be put back.
        for pass in [Pass::Close, Pass::PutBack] {
            let mut after = 0;
            while let Some(row) = self.next_row(after, scope).await? {
                if row <= after {
                    // Only damaged numbers come in no order.
                    return Err(StoreError::Corrupt(sqlx::Error::Protocol("rows out of order".to_owned())));
                }
                after = row;
                let mut tx = self.writable()?.begin_with("BEGIN IMMEDIATE").await?;
                let incident = self.attest_row(&mut tx, row, scope, pass, &keys).await?;
                if let Some(incident) = incident {
                    incidents::note(&mut tx, &incident).await?;
                    found.push(incident);
                }
                tx.commit().await?;
            }
        }
        if !found.is_empty() {
            self.change(|condition| condition.incidents += 1);
        }
        Ok(found)
    }

    /// Has another process written to `decisions.db` since this was asked last? Only its owner should.
    pub async fn foreign_write(&self) -> Result<bool, StoreError> {
        let version: i64 = sqlx::query_scalar("PRAGMA data_version").fetch_one(&self.writable()?).await?;
        let before = self.data_version.swap(version, std::sync::atomic::Ordering::Relaxed);
        Ok(before != 0 && before != version)
    }

    /// The next row to look at. Of those that say they have ended only the newest may have been open a moment ago.
    async fn next_row(&self, after: i64, scope: Scope) -> Result<Option<i64>, StoreError> {
        let ended: Vec<_> =
            OutboxState::ALL.into_iter().filter(|state| !state.locks()).map(OutboxState::word).collect();
        let row = sqlx::query_scalar(
            "SELECT row FROM outbox
             WHERE row > ?1
               AND (?2 OR state NOT IN (SELECT value FROM json_each(?3))
                       OR row > (SELECT max(row) FROM outbox) - ?4)
             ORDER BY row LIMIT 1",
        );
        let row = row.bind(after).bind(scope == Scope::All).bind(to_json(&ended)).bind(NEWEST);
        Ok(row.fetch_optional(&self.writable()?).await?)
    }

    async fn attest_row(
        &self,
        conn: &mut SqliteConnection,
        row: i64,
        scope: Scope,
        pass: Pass,
        keys: &Keyring,
    ) -> Result<Option<Incident>, StoreError> {
        let Some(row) = row_at(conn, row).await? else { return Ok(None) };
        // A word that nobody knows is no ended state: such a row is looked at in any case.
        let ended = OutboxState::from_word(&row.state).is_some_and(|state| !state.locks());
        let all = receipts::of_decision(conn, &row.decision).await?;
        let last = Attested::by(&all).and_then(|attested| attested.state);
        if scope == Scope::Open && ended && last.is_none_or(|state| !state.locks()) {
            return Ok(None);
        }
        let trusted: Vec<Receipt> = all.into_iter().filter(|receipt| keys.has_signed(receipt)).collect();
        let Some(attested) = Attested::by(&trusted) else {
            let at = self.clock.now();
            return match pass {
                Pass::Close => close_unattested(conn, &row, at).await.map(Some),
                Pass::PutBack => Ok(None),
            };
        };
        if pass == Pass::Close {
            return Ok(None);
        }
        if !attested.fits(&row) {
            if let Err(error) = put_back(conn, &row, &attested).await {
                // Its gateway is gone, or another row stands at its point: then at least it is not sent.
                tracing::warn!(%error, decision = row.decision, "a row could not be put back");
                leave_unsent(conn, &row).await?;
            }
            shown::index(conn, &row).await?;
            return Ok(Some(self.changed_row(&row)));
        }
        // A card that is not there cannot deceive anybody.
        let kept = shown::kept_record(conn, &row.decision).await?;
        let other = attested.record.is_some() && kept.is_some_and(|kept| kept != attested.record);
        Ok(other.then(|| self.changed_card(&row)))
    }

    /// The keys whose receipts count: the device's own where a keychain keeps it, else those that were announced.
    async fn keyring(&self, scope: Scope) -> Result<Keyring, StoreError> {
        let own = self.keys.device.public_key();
        if scope == Scope::Open && self.keys.device.attestation() == Attestation::Keychain {
            return Ok(Keyring::Own(own));
        }
        let mut conn = self.writable()?.acquire().await?;
        Ok(Keyring::of(own, &receipts::announcements(&mut conn).await?))
    }

    fn changed_row(&self, row: &Row) -> Incident {
        let at = self.clock.now();
        Incident {
            at,
            kind: Kind::RowChanged,
            // It is whole again: another change of the same row is another incident.
            subject: format!("{} {}", row.decision, to_us(at)),
            sentence: format!(
                "The decision on request {} in decisions.db is not what its signed receipts say: another program changed it. It was put back; what might have been sent twice is looked up at the gateway instead. Find out who can write to the data directory.",
                row.request_id
            ),
        }
    }

    fn changed_card(&self, row: &Row) -> Incident {
        Incident {
            at: self.clock.now(),
            kind: Kind::RowChanged,
            subject: format!("{} as shown", row.decision),
            sentence: format!(
                "Another program changed what decisions.db keeps of request {} as it was shown: do not believe that card. The receipt still tells what was decided.",
                row.request_id
            ),
        }
    }
}

async fn row_at(conn: &mut SqliteConnection, row: i64) -> Result<Option<Row>, StoreError> {
    let found = sqlx::query_as("SELECT * FROM outbox WHERE row = ?1").bind(row);
    Ok(found.fetch_optional(conn).await?)
}

/// A row without a receipt of its decision was not made here, or lost what proves it. What had not left is not sent;
/// what may have left is only looked for.
async fn close_unattested(
    conn: &mut SqliteConnection,
    row: &Row,
    at: chrono::DateTime<chrono::Utc>,
) -> Result<Incident, StoreError> {
    let state = OutboxState::from_word(&row.state);
    let (next, told) = match state {
        Some(OutboxState::Sent | OutboxState::Acknowledged | OutboxState::Unknown) => (
            OutboxState::Unknown,
            "It is not sent from here; whether it took effect is looked up at the gateway.",
        ),
        Some(ended) if !ended.locks() => (ended, "Do not believe it."),
        _ => (OutboxState::Refused, "It was not sent and is closed; decide again if you want to."),
    };
    let detail = format!("No signed receipt of this device shows that it was decided here. {told}");
    if state.is_none_or(|state| state.locks()) {
        sqlx::query("UPDATE outbox SET state = ?2, detail = ?3 WHERE row = ?1")
            .bind(row.row)
            .bind(next.word())
            .bind(&detail)
            .execute(conn)
            .await?;
    }
    Ok(Incident {
        at,
        kind: Kind::RowChanged,
        subject: row.decision.clone(),
        sentence: format!(
            "A decision on request {} stands in decisions.db without a receipt signed by this device: it was not made here, or its receipt was lost. {told}",
            row.request_id
        ),
    })
}

/// A row that may be sent is only looked up from now on; any other stays.
async fn leave_unsent(conn: &mut SqliteConnection, row: &Row) -> Result<(), StoreError> {
    if OutboxState::from_word(&row.state).is_some_and(|state| !sendable(state)) {
        return Ok(());
    }
    sqlx::query("UPDATE outbox SET state = ?2 WHERE row = ?1")
        .bind(row.row)
        .bind(OutboxState::Unknown.word())
        .execute(conn)
        .await?;
    Ok(())
}

async fn put_back(conn: &mut SqliteConnection, row: &Row, attested: &Attested) -> Result<(), StoreError> {
    let state = match attested.state {
        // It may have come further than the receipts that are left: then it is looked up, never sent again.
        Some(state) if sendable(state) && state.word() != row.state => OutboxState::Unknown.word(),
        Some(state) => state.word(),
        None => row.state.as_str(),
    };
    sqlx::query(
        "UPDATE outbox
         SET gateway = ?2, request_id = ?3, point = ?4, action_id = ?5, track = ?6, pipeline_id = ?7, verdict = ?8,
             digest = ?9, identity = ?10, state = ?11, detail = ?12, status = ?13, results = ?14, created_us = ?15,
             changed_us = ?16
         WHERE row = ?1",
    )
    .bind(row.row)
    .bind(&attested.gateway)
    .bind(&attested.request_id)
    .bind(&attested.point)
    .bind(&attested.action_id)
    .bind(attested.track)
    .bind(attested.pipeline_id.as_ref().unwrap_or(&row.pipeline_id))
    .bind(to_json(&attested.verdict))
    .bind(&attested.digest)
    .bind(&attested.identity)
    .bind(state)
    .bind(&attested.detail)
    .bind(&attested.status)
    .bind(attested.results.to_string())
    .bind(attested.created_us)
    .bind(attested.changed_us)
    .execute(conn)
    .await?;
    Ok(())
}

/// Makes the row of a decision of which only the receipts are left. It may have come further than they tell: one that
/// was not at its end is looked up at the gateway and never sent. Returns how many were made.
pub(crate) async fn insert_attested(
    conn: &mut SqliteConnection,
    attested: &Attested,
) -> Result<u64, StoreError> {
    let state = attested.state.filter(|state| !sendable(*state)).unwrap_or(OutboxState::Unknown);
    let done = sqlx::query(
        "INSERT OR IGNORE INTO outbox (decision, gateway, request_id, point, action_id, track, pipeline_id, verdict,
                                       digest, identity, state, detail, status, results, created_us, changed_us)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)",
    )
    .bind(attested.decision.to_string())
    .bind(&attested.gateway)
    .bind(&attested.request_id)
    .bind(&attested.point)
    .bind(&attested.action_id)
    .bind(attested.track)
    .bind(attested.pipeline_id.as_deref().unwrap_or_default())
    .bind(to_json(&attested.verdict))
    .bind(&attested.digest)
    .bind(&attested.identity)
    .bind(state.word())
    .bind(&attested.detail)
    .bind(&attested.status)
    .bind(attested.results.to_string())
    .bind(attested.created_us)
    .bind(attested.changed_us)
    .execute(conn)
    .await?;
    Ok(done.rows_affected())
}
