//! `GET /audit?after=&limit=`: the audit chain in order. An admin's to read: it tells of every pipeline.

use super::extract::Asked;
use crate::auth::caller::Caller;
use crate::auth::role::Role;
use crate::core::App;
use crate::db::audit;
use crate::fault::Fault;
use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use serde_json::{Value, json};

const DEFAULT_LIMIT: u32 = 200;
const MOST: u32 = 1_000;

#[derive(Deserialize)]
pub(super) struct Ask {
    #[serde(default)]
    after: u64,
    limit: Option<u32>,
}

pub(super) async fn audit(
    State(app): State<App>,
    caller: Caller,
    Asked(ask): Asked<Ask>,
) -> Result<Json<Value>, Fault> {
    if caller.role != Role::Admin {
        return Err(Fault::not_allowed("Only an admin reads the audit chain; its head is in the snapshot."));
    }
    let mut tx = app.db.reading().await?;
    let entries = audit::after(&mut tx, ask.after, ask.limit.unwrap_or(DEFAULT_LIMIT).clamp(1, MOST)).await?;
    let (seq, hash) = audit::head(&mut tx).await?;
    Ok(Json(json!({"entries": entries, "head": {"seq": seq, "hash": hash}})))
}
