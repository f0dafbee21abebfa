//! Runs what was approved: one task per request, one action after the other, each rendered effect exactly as it stands
//! in the approval. Only `http` effects are executable so far.
//!
//! Owns the sending; what may run and what is written about it is [`crate::ledger::progress`]'s.

pub(crate) mod addresses;
pub(crate) mod http;
pub(crate) mod outward;
pub(crate) mod vault;

use crate::core::{App, Core};
use crate::ledger::progress::{self, Step};
use domain::RequestId;
use std::sync::Arc;

/// Sets a request running; it runs on whatever becomes of the caller. The request is `executing` on disk already.
pub(crate) fn start(app: &App, id: RequestId) {
    let inner = Arc::clone(app);
    app.runs.spawn(async move {
        if let Err(error) = run(&inner, &id).await {
            // It stays `executing` on disk and is marked at the next start: nothing is claimed that is not known.
            tracing::error!(%error, request = %id, "a run could not be written");
        }
        inner.rested.notify_waiters();
    });
}

async fn run(app: &Core, id: &RequestId) -> Result<(), sqlx::Error> {
    loop {
        if app.cut_off.is_cancelled() {
            return Ok(());
        }
        let Step::Run { index, pipeline_id, action } = progress::advance(app, id).await? else {
            return Ok(());
        };
        let result = tokio::select! {
            biased;
            result = http::execute(app, &pipeline_id, &action) => result,
            () = app.cut_off.cancelled() => return Ok(()),
        };
        progress::ended(app, id, index, &result).await?;
    }
}
