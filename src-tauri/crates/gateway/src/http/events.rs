//! `GET /events?after=&limit=&wait=`: the stream by paging, and with `wait` the fallback where sockets do not get through.

use super::extract::Asked;
use crate::auth::caller::Caller;
use crate::core::{App, Core};
use crate::db::{Result, events};
use crate::fault::Fault;
use crate::stream::vision::Vision;
use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::time::Duration;

const DEFAULT_LIMIT: u32 = 200;
const MOST: u32 = 1_000;
const LONGEST_WAIT_S: u64 = 25;
const BATCH: u32 = 1_000;

#[derive(Deserialize)]
pub(super) struct Ask {
    #[serde(default)]
    after: u64,
    limit: Option<u32>,
    #[serde(default)]
    wait: u64,
}

/// `EventsPage` of the protocol, its events as the very texts the sockets send.
#[derive(Serialize)]
pub(super) struct Page {
    epoch: String,
    events: Vec<Box<RawValue>>,
    head_seq: u64,
    /// Events before it are forgotten: a reader that is behind has to take a snapshot.
    oldest_seq: u64,
}

pub(super) async fn events(
    State(app): State<App>,
    caller: Caller,
    Asked(ask): Asked<Ask>,
) -> std::result::Result<Json<Page>, Fault> {
    let limit = ask.limit.unwrap_or(DEFAULT_LIMIT).clamp(1, MOST);
    let wait = tokio::time::sleep(Duration::from_secs(ask.wait.min(LONGEST_WAIT_S)));
    tokio::pin!(wait);
    let mut head = app.hub.head();
    loop {
        head.mark_unchanged();
        let page = page(&app, &caller, ask.after, limit).await?;
        if !page.events.is_empty() || ask.wait == 0 {
            return Ok(Json(page));
        }
        tokio::select! {
            () = &mut wait => return Ok(Json(page)),
            () = app.closing.cancelled() => return Ok(Json(page)),
            _ = head.changed() => {}
        }
    }
}

async fn page(app: &Core, caller: &Caller, after: u64, limit: u32) -> Result<Page> {
    let mut tx = app.db.reading().await?;
    let vision = Vision::load(&mut tx, caller).await?;
    let head_seq = events::head(&mut tx).await?;
    let oldest_seq = events::oldest(&mut tx).await?;
    let (mut found, mut position) = (Vec::new(), after);
    'scan: loop {
        let rows = events::after(&mut tx, position, BATCH).await?;
        let last = rows.len() < BATCH as usize;
        for row in rows {
            position = row.seq;
            if vision.sees(&row.topic) {
                found.push(raw(row.frame)?);
            }
            if found.len() >= limit as usize {
                break 'scan;
            }
        }
        if last {
            break;
        }
    }
    Ok(Page { epoch: app.identity.epoch.clone(), events: found, head_seq, oldest_seq })
}

fn raw(frame: String) -> Result<Box<RawValue>> {
    RawValue::from_string(frame).map_err(|error| sqlx::Error::Decode(error.into()))
}
