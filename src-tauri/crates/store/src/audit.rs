//! The end of each gateway's audit chain, kept from sync to sync: a gateway that shortens or rewrites what it has told
//! about decisions is found out.

use crate::incidents::{self, Incident, Kind};
use crate::times::to_us;
use crate::{Store, StoreError};
use domain::GatewayId;
use domain::receipt::Head;
use sqlx::SqliteConnection;

/// How sure a reading is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reading {
    /// Several may be under way at once: a lower number may only be older.
    First,
    /// Asked for after the one before was kept: a lower number is a finding.
    Again,
}

/// What a gateway's audit head means beside the one kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Compared {
    /// It goes on, or stands still; it is kept.
    Good,
    /// It is lower: read it again, to be sure.
    Doubtful,
    /// It went back, or another entry stands at the same number. The new head is kept from now on; the incident stays.
    Found(Incident),
}

impl Store {
    /// Compares a gateway's audit head with the one kept from the sync before, and keeps it.
    pub async fn audit_head(
        &self,
        gateway: GatewayId,
        told: &Head,
        reading: Reading,
    ) -> Result<Compared, StoreError> {
        let decisions = self.writable()?;
        let mut tx = decisions.begin_with("BEGIN IMMEDIATE").await?;
        let kept = kept(&mut tx, gateway).await?;
        let finding = match &kept {
            Some(kept) if kept == told => return Ok(Compared::Good),
            Some(kept) if told.seq < kept.seq && reading == Reading::First => return Ok(Compared::Doubtful),
            Some(kept) if told.seq < kept.seq => Some(went_back(kept, told)),
            Some(kept) if told.seq == kept.seq => Some(rewritten(kept)),
            Some(_) | None => None,
        };
        sqlx::query(
            "INSERT INTO audit_heads (gateway, seq, hash, at_us) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (gateway) DO UPDATE SET seq = excluded.seq, hash = excluded.hash, at_us = excluded.at_us",
        )
        .bind(gateway.to_string())
        .bind(told.seq.cast_signed())
        .bind(&told.hash)
        .bind(to_us(self.clock.now()))
        .execute(&mut *tx)
        .await?;
        let found = match finding {
            Some(what) => {
                let name = name(&mut tx, gateway).await?;
                let incident = Incident {
                    at: self.clock.now(),
                    kind: Kind::GatewayAudit,
                    subject: format!("{gateway} {told}"),
                    sentence: format!(
                        "The audit chain of {name} {what} Ask whoever runs it why before you trust it."
                    ),
                };
                incidents::note(&mut tx, &incident).await?;
                Compared::Found(incident)
            }
            None => Compared::Good,
        };
        tx.commit().await?;
        if matches!(found, Compared::Found(_)) {
            self.change(|condition| condition.incidents += 1);
        }
        Ok(found)
    }
}

fn went_back(kept: &Head, told: &Head) -> String {
    format!(
        "went back from entry {} to {}: entries were removed, or an older copy was put in place.",
        kept.seq, told.seq
    )
}

fn rewritten(kept: &Head) -> String {
    format!("has another entry {} than before: it was written anew.", kept.seq)
}

async fn kept(conn: &mut SqliteConnection, gateway: GatewayId) -> Result<Option<Head>, StoreError> {
    let row: Option<(i64, String)> = sqlx::query_as("SELECT seq, hash FROM audit_heads WHERE gateway = ?1")
        .bind(gateway.to_string())
        .fetch_optional(conn)
        .await?;
    Ok(row.map(|(seq, hash)| Head { seq: seq.unsigned_abs(), hash }))
}

async fn name(conn: &mut SqliteConnection, gateway: GatewayId) -> Result<String, StoreError> {
    let name: Option<String> = sqlx::query_scalar("SELECT name FROM gateways WHERE id = ?1")
        .bind(gateway.to_string())
        .fetch_optional(conn)
        .await?;
    Ok(name.unwrap_or_else(|| gateway.to_string()))
}
