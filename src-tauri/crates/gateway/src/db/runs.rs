//! The executor's checkpoints: one row when an action starts, completed when it ends. A row without an end after a
//! crash is an action nobody knows the outcome of.

use super::{Conn, Result, from_json, to_json};
use domain::{ActionId, ActionResult, RequestId};
use sqlx::Row;

/// One action of one request that was started.
#[derive(Clone, Debug)]
pub(crate) struct RunRow {
    pub(crate) action_id: ActionId,
    /// `None`: started, and not ended.
    pub(crate) result: Option<ActionResult>,
}

pub(crate) async fn start(
    conn: &mut Conn,
    request: &RequestId,
    action: &ActionId,
    place: usize,
    at: i64,
) -> Result<()> {
    sqlx::query("INSERT INTO action_runs (request_id, action_id, place, started_at) VALUES ($1, $2, $3, $4)")
        .bind(request.as_str())
        .bind(action.as_str())
        .bind(i64::try_from(place).unwrap_or(i64::MAX))
        .bind(at)
        .execute(conn)
        .await?;
    Ok(())
}

pub(crate) async fn end(conn: &mut Conn, request: &RequestId, result: &ActionResult, at: i64) -> Result<()> {
    sqlx::query("UPDATE action_runs SET ended_at = $3, result = $4 WHERE request_id = $1 AND action_id = $2")
        .bind(request.as_str())
        .bind(result.action_id.as_str())
        .bind(at)
        .bind(to_json(result)?)
        .execute(conn)
        .await?;
    Ok(())
}

/// In the order they were started.
pub(crate) async fn all(conn: &mut Conn, request: &RequestId) -> Result<Vec<RunRow>> {
    let rows = sqlx::query("SELECT action_id, result FROM action_runs WHERE request_id = $1 ORDER BY place")
        .bind(request.as_str())
        .fetch_all(conn)
        .await?;
    rows.iter()
        .map(|row| {
            let result: Option<&str> = row.try_get("result")?;
            Ok(RunRow {
                action_id: ActionId(row.try_get("action_id")?),
                result: result.map(from_json).transpose()?,
            })
        })
        .collect()
}
