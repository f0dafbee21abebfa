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
use std::time::Duration;

/// Before a write that failed is tried again.
const AGAIN: Duration = Duration::from_millis(500);

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
        let (index, pipeline_id, action) = match progress::advance(app, id).await {
            Ok(Step::Run { index, pipeline_id, action }) => (index, pipeline_id, action),
            Ok(Step::Rest) => return Ok(()),
            Err(error) => {
                wait_out(app, error).await?;
                continue;
            }
        };
        let result = tokio::select! {
            biased;
            result = http::execute(app, &pipeline_id, &action) => result,
            () = app.cut_off.cancelled() => return Ok(()),
        };
        while let Err(error) = progress::ended(app, id, index, &result).await {
            wait_out(app, error).await?;
        }
    }
}

/// Waits where the database may only fail for a while (a full disk, someone else's lock). Each step of the ledger is one
/// transaction, so one that failed left nothing behind and is tried again; what does not pass by itself is handed back.
async fn wait_out(app: &Core, error: sqlx::Error) -> Result<(), sqlx::Error> {
    let passes = match &error {
        sqlx::Error::Database(told) => !told.is_unique_violation(),
        sqlx::Error::Io(_) | sqlx::Error::PoolTimedOut => true,
        _ => false,
    };
    if !passes {
        return Err(error);
    }
    tracing::error!(%error, "a run waits for the database");
    tokio::select! {
        () = tokio::time::sleep(AGAIN) => Ok(()),
        () = app.cut_off.cancelled() => Err(error),
    }
}
