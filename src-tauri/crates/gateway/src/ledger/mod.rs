//! The ledger of approvals: how a request comes to be, is decided, runs and ends. Each change is judged by
//! `domain::law` and written in one transaction with its audit entry, its event and its idempotency row.
//!
//! Owns no HTTP and sends no effect: see [`crate::http`] and [`crate::executor`].

pub(crate) mod decide;
pub(crate) mod expire;
pub(crate) mod guard;
pub(crate) mod halt;
pub(crate) mod once;
pub(crate) mod progress;
pub(crate) mod raise;
mod reason;
pub(crate) mod record;
pub(crate) mod rerender;
pub(crate) mod respond;
pub(crate) mod state;

use crate::auth::caller::Caller;
use crate::db::approvals::{self, Entry};
use crate::db::workflows::WorkflowRow;
use crate::db::write::Write;
use crate::fault::Fault;
use domain::RequestId;
use serde_json::Value;

/// Where and by whom something is done to the ledger. Rights have been judged; what concerns one request has not.
#[derive(Clone, Copy)]
pub(crate) struct Place<'a> {
    pub(crate) caller: &'a Caller,
    pub(crate) workflow: &'a WorkflowRow,
}

/// A complete answer, fresh or replayed.
#[derive(Clone, Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) body: Value,
}

/// What a call led to.
pub(crate) enum Taken {
    /// It is answered.
    Answered(Reply),
    /// It was answered before under the same key.
    Replayed(Reply),
    /// It set this request running; its answer is still to come.
    Running(RequestId),
}

/// The request of that id in this pipeline, its expiry brought up to date.
pub(crate) async fn load(write: &mut Write, place: Place<'_>, id: &RequestId) -> Result<Entry, Fault> {
    let mut entry = approvals::one(write.conn(), id)
        .await?
        .filter(|entry| entry.approval.pipeline_id.as_str() == place.workflow.id)
        .ok_or_else(|| Fault::not_found("request", id.as_str()))?;
    if state::is_due(&entry, write.now()) {
        expire::expire(write, &mut entry, place.workflow).await?;
    }
    Ok(entry)
}
