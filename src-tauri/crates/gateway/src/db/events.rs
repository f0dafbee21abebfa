//! The event stream's memory: one row per event, holding the very text every socket sends.

use super::meta::{EVENTS, bump, counter};
use super::{Conn, Result};
use protocol::frame::Topics;
use sqlx::Row;

/// An event's place in the stream.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    pub(crate) seq: u64,
    /// The event before it on the same topic; 0 for the first.
    pub(crate) prev_seq: u64,
}

/// A kept event.
#[derive(Clone, Debug)]
pub(crate) struct EventRow {
    pub(crate) seq: u64,
    pub(crate) topic: String,
    pub(crate) frame: String,
}

/// Takes the next place in the stream and on the topic.
pub(crate) async fn place(conn: &mut Conn, topic: &str) -> Result<Place> {
    let seq = bump(conn, EVENTS).await?;
    let prev: Option<i64> = sqlx::query_scalar("SELECT head_seq FROM topics WHERE topic = $1")
        .bind(topic)
        .fetch_optional(&mut *conn)
        .await?;
    sqlx::query(
        "INSERT INTO topics (topic, head_seq) VALUES ($1, $2)
         ON CONFLICT (topic) DO UPDATE SET head_seq = excluded.head_seq",
    )
    .bind(topic)
    .bind(seq)
    .execute(conn)
    .await?;
    Ok(Place { seq: unsigned(seq), prev_seq: unsigned(prev.unwrap_or(0)) })
}

pub(crate) async fn insert(conn: &mut Conn, seq: u64, topic: &str, id: &str, frame: &str) -> Result<()> {
    sqlx::query("INSERT INTO events (seq, topic, id, frame) VALUES ($1, $2, $3, $4)")
        .bind(signed(seq))
        .bind(topic)
        .bind(id)
        .bind(frame)
        .execute(conn)
        .await?;
    Ok(())
}

/// The newest seq; 0 before the first event.
pub(crate) async fn head(conn: &mut Conn) -> Result<u64> {
    Ok(unsigned(counter(conn, EVENTS).await?))
}

/// The oldest seq still kept, or the next one to come.
pub(crate) async fn oldest(conn: &mut Conn) -> Result<u64> {
    let oldest: Option<i64> = sqlx::query_scalar("SELECT MIN(seq) FROM events").fetch_one(&mut *conn).await?;
    match oldest {
        Some(seq) => Ok(unsigned(seq)),
        None => Ok(head(conn).await? + 1),
    }
}

/// The id of the event at that seq, where it is still kept.
pub(crate) async fn id_at(conn: &mut Conn, seq: u64) -> Result<Option<String>> {
    sqlx::query_scalar("SELECT id FROM events WHERE seq = $1").bind(signed(seq)).fetch_optional(conn).await
}

/// At most `limit` events after `after`, in order.
pub(crate) async fn after(conn: &mut Conn, after: u64, limit: u32) -> Result<Vec<EventRow>> {
    let rows = sqlx::query("SELECT seq, topic, frame FROM events WHERE seq > $1 ORDER BY seq LIMIT $2")
        .bind(signed(after))
        .bind(i64::from(limit))
        .fetch_all(conn)
        .await?;
    rows.iter()
        .map(|row| {
            Ok(EventRow {
                seq: unsigned(row.try_get("seq")?),
                topic: row.try_get("topic")?,
                frame: row.try_get("frame")?,
            })
        })
        .collect()
}

/// Head seq by topic.
pub(crate) async fn topics(conn: &mut Conn) -> Result<Topics> {
    let rows = sqlx::query("SELECT topic, head_seq FROM topics").fetch_all(conn).await?;
    rows.iter().map(|row| Ok((row.try_get("topic")?, unsigned(row.try_get("head_seq")?)))).collect()
}

/// Forgets everything up to and including `seq`.
pub(crate) async fn forget(conn: &mut Conn, seq: u64) -> Result<()> {
    sqlx::query("DELETE FROM events WHERE seq <= $1").bind(signed(seq)).execute(conn).await?;
    Ok(())
}

fn signed(seq: u64) -> i64 {
    i64::try_from(seq).unwrap_or(i64::MAX)
}

fn unsigned(seq: i64) -> u64 {
    u64::try_from(seq).unwrap_or(0)
}
