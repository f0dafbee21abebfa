//! The registry of runbook actions, one JSON body per entry.

use super::{Conn, Result, from_json, to_json};
use domain::RemediationAction;

pub(crate) async fn one(conn: &mut Conn, pipeline: &str, id: &str) -> Result<Option<RemediationAction>> {
    let body: Option<String> =
        sqlx::query_scalar("SELECT body FROM actions WHERE pipeline_id = $1 AND action_id = $2")
            .bind(pipeline)
            .bind(id)
            .fetch_optional(conn)
            .await?;
    body.as_deref().map(from_json).transpose()
}

/// By id.
pub(crate) async fn all(conn: &mut Conn, pipeline: &str) -> Result<Vec<RemediationAction>> {
    let bodies: Vec<String> =
        sqlx::query_scalar("SELECT body FROM actions WHERE pipeline_id = $1 ORDER BY action_id")
            .bind(pipeline)
            .fetch_all(conn)
            .await?;
    bodies.iter().map(|body| from_json(body)).collect()
}

pub(crate) async fn put(conn: &mut Conn, pipeline: &str, action: &RemediationAction) -> Result<()> {
    sqlx::query(
        "INSERT INTO actions (pipeline_id, action_id, body) VALUES ($1, $2, $3)
         ON CONFLICT (pipeline_id, action_id) DO UPDATE SET body = excluded.body",
    )
    .bind(pipeline)
    .bind(action.action_id.as_str())
    .bind(to_json(action)?)
    .execute(conn)
    .await?;
    Ok(())
}

/// Tells whether there was one.
pub(crate) async fn delete(conn: &mut Conn, pipeline: &str, id: &str) -> Result<bool> {
    let done = sqlx::query("DELETE FROM actions WHERE pipeline_id = $1 AND action_id = $2")
        .bind(pipeline)
        .bind(id)
        .execute(conn)
        .await?;
    Ok(done.rows_affected() > 0)
}
