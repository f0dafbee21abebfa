//! Expiry: a request nobody decided ends by itself, on time, and never after (F27).

use super::record::{self, Happening, members};
use super::state;
use crate::core::Core;
use crate::db::approvals::{self, Entry};
use crate::db::workflows::{self, WorkflowRow};
use crate::db::write::Write;
use crate::db::{Result, millis};
use domain::law::{self, Input};
use protocol::frame::ApprovalKind;
use serde_json::json;
use std::time::Duration;

/// The longest sleep: a wall clock may jump, and another process may write.
const LONGEST_SLEEP: Duration = Duration::from_secs(15);

/// Ends every request whose time has come. Cheap when there is none.
pub(crate) async fn sweep(app: &Core) -> Result<()> {
    let now = app.config.clock.now();
    let due = approvals::due(&mut *app.db.read.acquire().await?, now).await?;
    if due.is_empty() {
        return Ok(());
    }
    let mut write = app.write().await?;
    for id in due {
        let Some(mut entry) = approvals::one(write.conn(), &id).await? else { continue };
        let workflow = workflows::one(write.conn(), entry.approval.pipeline_id.as_str()).await?;
        // Someone may have decided between the look and the write.
        if let Some(workflow) = workflow.filter(|_| state::is_due(&entry, write.now())) {
            expire(&mut write, &mut entry, &workflow).await?;
        }
    }
    write.commit().await
}

/// Ends this request, if the law lets it.
pub(crate) async fn expire(write: &mut Write, entry: &mut Entry, workflow: &WorkflowRow) -> Result<()> {
    let Ok(next) = law::step(&state::of(entry), &Input::Expire) else { return Ok(()) };
    let now = write.now();
    state::enter(entry, &next, now, 0);
    let happening = Happening {
        kind: ApprovalKind::ApprovalExpired,
        actor: record::GATEWAY,
        action: "expire",
        more: members([("at", json!(now)), ("expires_at", json!(entry.approval.expires_at))]),
    };
    record::record(write, entry, workflow, happening).await
}

/// Sweeps whenever the next request's time comes, until the gateway closes.
pub(crate) async fn keep_sweeping(app: &Core) {
    loop {
        if let Err(error) = sweep(app).await {
            tracing::error!(%error, "expired requests could not be ended");
        }
        tokio::select! {
            () = app.closing.cancelled() => return,
            () = app.expiry_moved.notified() => {}
            () = tokio::time::sleep(until_next(app).await) => {}
        }
    }
}

async fn until_next(app: &Core) -> Duration {
    let next = match app.db.read.acquire().await {
        Ok(mut conn) => approvals::next_expiry(&mut conn).await.ok().flatten(),
        Err(_) => None,
    };
    let now_ms = millis(app.config.clock.now());
    next.map_or(LONGEST_SLEEP, |at| {
        Duration::from_millis(u64::try_from(at - now_ms).unwrap_or(0)).min(LONGEST_SLEEP)
    })
}
