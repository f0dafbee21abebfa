//! Error mappings, one JSON body per entry.

use super::{Conn, Result, from_json, to_json};
use domain::registry::ErrorMapping;

pub(crate) async fn one(conn: &mut Conn, pipeline: &str, error: &str) -> Result<Option<ErrorMapping>> {
    let body: Option<String> =
        sqlx::query_scalar("SELECT body FROM mappings WHERE pipeline_id = $1 AND error = $2")
            .bind(pipeline)
            .bind(error)
            .fetch_optional(conn)
            .await?;
    body.as_deref().map(from_json).transpose()
}

/// By error.
pub(crate) async fn all(conn: &mut Conn, pipeline: &str) -> Result<Vec<ErrorMapping>> {
    let bodies: Vec<String> =
        sqlx::query_scalar("SELECT body FROM mappings WHERE pipeline_id = $1 ORDER BY error")
            .bind(pipeline)
            .fetch_all(conn)
            .await?;
    bodies.iter().map(|body| from_json(body)).collect()
}

pub(crate) async fn put(conn: &mut Conn, pipeline: &str, mapping: &ErrorMapping) -> Result<()> {
    sqlx::query(
        "INSERT INTO mappings (pipeline_id, error, body) VALUES ($1, $2, $3)
         ON CONFLICT (pipeline_id, error) DO UPDATE SET body = excluded.body",
    )
    .bind(pipeline)
    .bind(&mapping.error)
    .bind(to_json(mapping)?)
    .execute(conn)
    .await?;
    Ok(())
}

/// Tells whether there was one.
pub(crate) async fn delete(conn: &mut Conn, pipeline: &str, error: &str) -> Result<bool> {
    let done = sqlx::query("DELETE FROM mappings WHERE pipeline_id = $1 AND error = $2")
        .bind(pipeline)
        .bind(error)
        .execute(conn)
        .await?;
    Ok(done.rows_affected() > 0)
}

/// Tells how many there were.
pub(crate) async fn clear(conn: &mut Conn, pipeline: &str) -> Result<u64> {
    let done =
        sqlx::query("DELETE FROM mappings WHERE pipeline_id = $1").bind(pipeline).execute(conn).await?;
    Ok(done.rows_affected())
}
