//! `GET /snapshot`: what is open, in one read transaction, with the seq it is as of.

use crate::auth::caller::Caller;
use crate::core::App;
use crate::db::{approvals, audit, events};
use crate::fault::Fault;
use crate::ledger::expire;
use crate::stream::vision::Vision;
use axum::Json;
use axum::extract::State;
use protocol::rest::Snapshot;
use serde_json::json;

pub(super) async fn snapshot(State(app): State<App>, caller: Caller) -> Result<Json<Snapshot>, Fault> {
    expire::sweep(&app).await?;
    let mut tx = app.db.reading().await?;
    let vision = Vision::load(&mut tx, &caller).await?;
    let as_of_seq = events::head(&mut tx).await?;
    let topics = vision.filter(events::topics(&mut tx).await?);
    let open = approvals::open(&mut tx).await?.into_iter().map(|entry| entry.approval);
    let (seq, hash) = audit::head(&mut tx).await?;
    Ok(Json(Snapshot {
        epoch: app.identity.epoch.clone(),
        as_of_seq,
        topics,
        approvals: open.filter(|approval| vision.sees(approval.pipeline_id.as_str())).collect(),
        runs: Vec::new(),
        agents: Vec::new(),
        audit_head: Some(json!({"seq": seq, "hash": hash})),
    }))
}
