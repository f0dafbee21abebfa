//! Rows read from a file that breaks off somewhere, and put into a sound one. From both ends: behind a damaged page there
//! may be more.

use crate::open::Keys;
use crate::outbox::Attested;
use crate::receipts;
use crate::{StoreError, outbox};
use domain::receipt::{Fact, Receipt};
use sqlx::{AssertSqlSafe, SqliteConnection};
use std::collections::BTreeMap;

/// Rows asked for at once, as long as nothing is in the way.
const PAGE: i64 = 200;
/// Steps over rows that cannot be read before a direction is given up.
const PATIENCE: u32 = 64;

/// The tables that are taken over row by row. Receipts are read apart: each proves itself.
const TABLES: [(&str, &str); 8] = [
    ("gateways", "id, origin, name, dialect, account, pipelines_by_hand, added_us"),
    (
        "outbox",
        "row, decision, gateway, request_id, point, action_id, track, pipeline_id, verdict, digest, identity, state, detail, status, results, superseded, created_us, changed_us",
    ),
    ("shown", "decision, approval, error_message, holes, typed, words"),
    ("printed", "gateway, request_id, digest, at_us, approval, holes"),
    ("settings", "name, value"),
    ("exports", "seq, hash, at_us"),
    ("audit_heads", "gateway, seq, hash, at_us"),
    ("incidents", "at_us, kind, subject, sentence"),
];

/// What could be read.
pub(super) struct Read {
    /// Rows as JSON arrays of their columns, table by table.
    pub(super) tables: Vec<(&'static str, Vec<String>)>,
    /// Receipts that can be decoded.
    pub(super) receipts: Vec<Receipt>,
    /// Tables that broke off.
    pub(super) torn: Vec<&'static str>,
}

impl Read {
    /// Nothing could be.
    pub(super) fn nothing() -> Self {
        let torn = TABLES.iter().map(|(table, _)| *table).chain(["receipts"]).collect();
        Self { tables: Vec::new(), receipts: Vec::new(), torn }
    }
}

/// Reads every table as far as it goes.
pub(super) async fn read(conn: &mut SqliteConnection) -> Read {
    let mut found = Read { tables: Vec::new(), receipts: Vec::new(), torn: Vec::new() };
    for (table, columns) in TABLES {
        let (rows, whole) = table_rows(conn, table, columns).await;
        found.tables.push((table, rows.into_values().collect()));
        if !whole {
            found.torn.push(table);
        }
    }
    let (rows, whole) = table_rows(conn, "receipts", "json").await;
    let decode = |row: &String| {
        let [json]: [String; 1] = serde_json::from_str(row).ok()?;
        serde_json::from_str(&json).ok()
    };
    found.receipts = rows.values().filter_map(decode).collect();
    if !whole || found.receipts.len() < rows.len() {
        found.torn.push("receipts");
    }
    found
}

/// The rows by their number, and whether none was in the way.
async fn table_rows(
    conn: &mut SqliteConnection,
    table: &str,
    columns: &str,
) -> (BTreeMap<i64, String>, bool) {
    let mut rows = BTreeMap::new();
    let upwards =
        format!("SELECT rowid, json_array({columns}) FROM {table} WHERE rowid > ?1 ORDER BY rowid LIMIT ?2");
    if walk(conn, &upwards, i64::MIN, 1, &mut rows).await {
        return (rows, true);
    }
    let downwards = format!(
        "SELECT rowid, json_array({columns}) FROM {table} WHERE rowid < ?1 ORDER BY rowid DESC LIMIT ?2"
    );
    walk(conn, &downwards, i64::MAX, -1, &mut rows).await;
    (rows, false)
}

/// Reads in one direction. False if something was in the way.
async fn walk(
    conn: &mut SqliteConnection,
    sql: &str,
    from: i64,
    step: i64,
    rows: &mut BTreeMap<i64, String>,
) -> bool {
    let (mut at, mut limit, mut stuck) = (from, PAGE, 0);
    loop {
        let page: Result<Vec<(i64, String)>, _> =
            sqlx::query_as(AssertSqlSafe(sql.to_owned())).bind(at).bind(limit).fetch_all(&mut *conn).await;
        match page {
            Ok(page) if page.is_empty() => return stuck == 0,
            Ok(page) => {
                let before = at;
                for (row, json) in page {
                    at = row;
                    rows.insert(row, json);
                }
                // Damaged numbers may lead in a circle.
                if (at > before) != (step > 0) || at == before {
                    return false;
                }
            }
            // One at a time up to what cannot be read, then over it.
            Err(_) if limit > 1 => limit = 1,
            Err(_) if stuck < PATIENCE && at != from => {
                stuck += 1;
                at = at.saturating_add(step);
            }
            Err(_) => return false,
        }
    }
}

/// Puts rows into the sound file; how many it took. One that contradicts another is left out.
pub(super) async fn put(
    conn: &mut SqliteConnection,
    table: &str,
    rows: &[String],
) -> Result<u64, StoreError> {
    let columns = TABLES.iter().find(|(name, _)| *name == table).map_or("", |(_, columns)| columns);
    let values: Vec<String> = (0..columns.split(',').count()).map(|n| format!("?1 ->> {n}")).collect();
    let sql = format!("INSERT OR IGNORE INTO {table} ({columns}) SELECT {}", values.join(", "));
    let mut taken = 0;
    for row in rows {
        match sqlx::query(AssertSqlSafe(sql.clone()))
            .bind(row)
            .execute(&mut *conn)
            .await
            .map_err(StoreError::from)
        {
            Ok(done) => taken += done.rows_affected(),
            Err(full @ StoreError::DiskFull(_)) => return Err(full),
            Err(error) => tracing::warn!(%error, table, "a row of the damaged file is left out"),
        }
    }
    Ok(taken)
}

/// Makes the outbox rows of which only signed receipts are left; how many.
pub(super) async fn put_forgotten(conn: &mut SqliteConnection, keys: &Keys) -> Result<u64, StoreError> {
    let decided: Vec<String> = sqlx::query_scalar(
        "SELECT DISTINCT decision FROM receipts
         WHERE kind = 'decided' AND decision NOT IN (SELECT decision FROM outbox)",
    )
    .fetch_all(&mut *conn)
    .await?;
    let announced = receipts::announcements(conn).await?;
    let own = keys.device.public_key();
    let known = |receipt: &Receipt| {
        receipt.is_signed_by(&own)
            || announced.iter().any(|announcement| match &announcement.fact {
                Fact::KeyChange { public_key, .. } => receipt.is_signed_by(public_key),
                Fact::Decided { .. } | Fact::Outcome { .. } => false,
            })
    };
    let mut made = 0;
    for decision in decided {
        let mut receipts = receipts::of_decision(conn, &decision).await?;
        receipts.retain(known);
        if let Some(attested) = Attested::by(&receipts) {
            made += outbox::insert_attested(conn, &attested).await?;
        }
    }
    Ok(made)
}

/// Every decision can be found again.
pub(super) async fn index(conn: &mut SqliteConnection) -> Result<(), StoreError> {
    let rows: Vec<outbox::Row> = sqlx::query_as("SELECT * FROM outbox").fetch_all(&mut *conn).await?;
    for row in &rows {
        crate::shown::index(conn, row).await?;
    }
    Ok(())
}
