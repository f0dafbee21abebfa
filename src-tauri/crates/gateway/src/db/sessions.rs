//! Sessions (families of refresh tokens) and their tokens, which are kept as hashes only.

use super::{Conn, Result};
use sqlx::Row;

/// A refresh token as it is kept.
#[derive(Clone, Debug)]
pub(crate) struct TokenRow {
    pub(crate) session_id: String,
    pub(crate) expires_at: i64,
    /// When it was exchanged for its successor.
    pub(crate) rotated_at: Option<i64>,
    /// The successor was exchanged in its turn.
    pub(crate) successor_rotated: bool,
    /// The whole family was ended.
    pub(crate) revoked: bool,
}

pub(crate) async fn open(conn: &mut Conn, id: &str, user_id: &str, at: i64) -> Result<()> {
    sqlx::query("INSERT INTO sessions (id, user_id, created_at) VALUES ($1, $2, $3)")
        .bind(id)
        .bind(user_id)
        .bind(at)
        .execute(conn)
        .await?;
    Ok(())
}

/// Ends the family; the first reason stays.
pub(crate) async fn revoke(conn: &mut Conn, id: &str, why: &str, at: i64) -> Result<()> {
    sqlx::query("UPDATE sessions SET revoked_at = $2, revoked_why = $3 WHERE id = $1 AND revoked_at IS NULL")
        .bind(id)
        .bind(at)
        .bind(why)
        .execute(conn)
        .await?;
    Ok(())
}

pub(crate) async fn add_token(conn: &mut Conn, hash: &str, session_id: &str, expires_at: i64) -> Result<()> {
    sqlx::query("INSERT INTO refresh_tokens (hash, session_id, expires_at) VALUES ($1, $2, $3)")
        .bind(hash)
        .bind(session_id)
        .bind(expires_at)
        .execute(conn)
        .await?;
    Ok(())
}

pub(crate) async fn rotate_token(conn: &mut Conn, hash: &str, successor: &str, at: i64) -> Result<()> {
    sqlx::query("UPDATE refresh_tokens SET rotated_at = $2, successor = $3 WHERE hash = $1")
        .bind(hash)
        .bind(at)
        .bind(successor)
        .execute(conn)
        .await?;
    Ok(())
}

pub(crate) async fn token(conn: &mut Conn, hash: &str) -> Result<Option<TokenRow>> {
    let row = sqlx::query(
        "SELECT t.session_id, t.expires_at, t.rotated_at, n.rotated_at AS successor_rotated_at, s.revoked_at
         FROM refresh_tokens t JOIN sessions s ON s.id = t.session_id
         LEFT JOIN refresh_tokens n ON n.hash = t.successor WHERE t.hash = $1",
    )
    .bind(hash)
    .fetch_optional(conn)
    .await?;
    row.map(|row| {
        Ok(TokenRow {
            session_id: row.try_get("session_id")?,
            expires_at: row.try_get("expires_at")?,
            rotated_at: row.try_get("rotated_at")?,
            successor_rotated: row.try_get::<Option<i64>, _>("successor_rotated_at")?.is_some(),
            revoked: row.try_get::<Option<i64>, _>("revoked_at")?.is_some(),
        })
    })
    .transpose()
}
