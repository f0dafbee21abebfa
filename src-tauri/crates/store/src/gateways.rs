//! The gateways this console knows. A gateway is found again by its origin, but known by its id, because the embedded
//! one has a new port at each start (DESIGN 4).

use crate::redacted::{from_json, to_json};
use crate::times::to_us;
use crate::{Reader, Store, StoreError};
use domain::{GatewayId, PipelineId};
use sqlx::SqliteConnection;

/// One known gateway.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GatewayRecord {
    /// Given when it was added; never changes.
    pub id: GatewayId,
    /// Normalised origin, without user or password; unique.
    pub origin: String,
    /// For people.
    pub name: String,
    /// What it was found to speak; once pinned, another answer is refused.
    pub dialect: Option<String>,
    /// Who is signed in there.
    pub account: Option<String>,
    /// Pipelines entered by hand, where the gateway does not list them.
    pub pipelines_by_hand: Vec<PipelineId>,
}

impl Store {
    /// Adds a gateway.
    ///
    /// # Errors
    /// [`StoreError::OriginTaken`] with the id of the one that has this origin.
    pub async fn add_gateway(&self, gateway: &GatewayRecord) -> Result<(), StoreError> {
        let mut tx = self.writable()?.begin_with("BEGIN IMMEDIATE").await?;
        refuse_taken_origin(&mut tx, gateway).await?;
        sqlx::query(
            "INSERT INTO gateways (id, origin, name, dialect, account, pipelines_by_hand, added_us)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        )
        .bind(gateway.id.to_string())
        .bind(&gateway.origin)
        .bind(&gateway.name)
        .bind(&gateway.dialect)
        .bind(&gateway.account)
        .bind(to_json(&gateway.pipelines_by_hand))
        .bind(to_us(self.clock.now()))
        .execute(&mut *tx)
        .await?;
        Ok(tx.commit().await?)
    }

    /// Replaces everything but the id.
    ///
    /// # Errors
    /// [`StoreError::UnknownGateway`], [`StoreError::OriginTaken`].
    pub async fn update_gateway(&self, gateway: &GatewayRecord) -> Result<(), StoreError> {
        let mut tx = self.writable()?.begin_with("BEGIN IMMEDIATE").await?;
        refuse_taken_origin(&mut tx, gateway).await?;
        let done = sqlx::query(
            "UPDATE gateways SET origin = ?2, name = ?3, dialect = ?4, account = ?5, pipelines_by_hand = ?6
             WHERE id = ?1",
        )
        .bind(gateway.id.to_string())
        .bind(&gateway.origin)
        .bind(&gateway.name)
        .bind(&gateway.dialect)
        .bind(&gateway.account)
        .bind(to_json(&gateway.pipelines_by_hand))
        .execute(&mut *tx)
        .await?;
        if done.rows_affected() == 0 {
            return Err(StoreError::UnknownGateway(gateway.id));
        }
        Ok(tx.commit().await?)
    }
}

impl Reader {
    /// All gateways, oldest first.
    pub async fn gateways(&self) -> Result<Vec<GatewayRecord>, StoreError> {
        let rows: Vec<Row> = sqlx::query_as("SELECT * FROM gateways ORDER BY added_us, id")
            .fetch_all(&self.decisions.pool())
            .await?;
        rows.into_iter().map(Row::read).collect()
    }
}

async fn refuse_taken_origin(conn: &mut SqliteConnection, new: &GatewayRecord) -> Result<(), StoreError> {
    let other: Option<String> = sqlx::query_scalar("SELECT id FROM gateways WHERE origin = ?1 AND id <> ?2")
        .bind(&new.origin)
        .bind(new.id.to_string())
        .fetch_optional(conn)
        .await?;
    match other {
        Some(id) => Err(StoreError::OriginTaken { origin: new.origin.clone(), gateway: gateway_id(&id)? }),
        None => Ok(()),
    }
}

/// Reads a gateway's id as it stands in every table.
pub(crate) fn gateway_id(text: &str) -> Result<GatewayId, StoreError> {
    text.parse().map(GatewayId).map_err(|e: uuid::Error| StoreError::unreadable("gateway id", text, e))
}

#[derive(sqlx::FromRow)]
struct Row {
    id: String,
    origin: String,
    name: String,
    dialect: Option<String>,
    account: Option<String>,
    pipelines_by_hand: String,
}

impl Row {
    fn read(self) -> Result<GatewayRecord, StoreError> {
        Ok(GatewayRecord {
            pipelines_by_hand: from_json(&self.pipelines_by_hand, "pipeline list", &self.id)?,
            id: gateway_id(&self.id)?,
            origin: self.origin,
            name: self.name,
            dialect: self.dialect,
            account: self.account,
        })
    }
}
