//! Accounts.

use super::{Conn, Result, damaged};
use crate::auth::role::Role;
use sqlx::Row;

/// One account.
#[derive(Clone, Debug)]
pub(crate) struct UserRow {
    pub(crate) id: String,
    /// Lower case; the identity that decides (rule 8).
    pub(crate) email: String,
    pub(crate) role: Role,
    pub(crate) password_hash: String,
}

pub(crate) async fn insert(conn: &mut Conn, user: &UserRow, at: i64) -> Result<()> {
    sqlx::query("INSERT INTO users (id, email, role, password_hash, created_at) VALUES ($1, $2, $3, $4, $5)")
        .bind(&user.id)
        .bind(&user.email)
        .bind(user.role.word())
        .bind(&user.password_hash)
        .bind(at)
        .execute(conn)
        .await?;
    Ok(())
}

pub(crate) async fn by_email(conn: &mut Conn, email: &str) -> Result<Option<UserRow>> {
    let row = sqlx::query("SELECT id, email, role, password_hash FROM users WHERE email = $1")
        .bind(email)
        .fetch_optional(conn)
        .await?;
    row.as_ref().map(read).transpose()
}

/// The account of a session that was not revoked.
pub(crate) async fn of_session(conn: &mut Conn, session_id: &str) -> Result<Option<UserRow>> {
    let row = sqlx::query(
        "SELECT u.id, u.email, u.role, u.password_hash FROM sessions s JOIN users u ON u.id = s.user_id
         WHERE s.id = $1 AND s.revoked_at IS NULL",
    )
    .bind(session_id)
    .fetch_optional(conn)
    .await?;
    row.as_ref().map(read).transpose()
}

pub(super) fn read(row: &sqlx::sqlite::SqliteRow) -> Result<UserRow> {
    let word: String = row.try_get("role")?;
    Ok(UserRow {
        id: row.try_get("id")?,
        email: row.try_get("email")?,
        role: word.parse().map_err(|_| damaged(format!("\"{word}\" is no role")))?,
        password_hash: row.try_get("password_hash")?,
    })
}
