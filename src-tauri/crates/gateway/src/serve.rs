//! Serving: from the lock on the database to the last socket's goodbye. Owns the order of start and end.

use crate::core::{App, Core};
use crate::db::meta::{self, RIGHTS};
use crate::db::sqlite::Place;
use crate::gateway::ServeError;
use crate::http;
use crate::ledger::{expire, progress};
use axum::serve::ListenerExt;
use std::fs::File;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

/// How often another process's changes of users and rights are looked for.
const RIGHTS_LOOK: Duration = Duration::from_secs(5);
/// How long sockets and calls get to hear that the gateway is closing.
const GOODBYE: Duration = Duration::from_secs(5);

/// See [`crate::Gateway::serve`].
pub(crate) async fn serve(
    app: &App,
    place: &Place,
    listener: TcpListener,
    closing: CancellationToken,
    told: impl FnOnce() + Send,
) -> Result<(), ServeError> {
    let address = listener.local_addr()?.ip();
    if !address.is_loopback() {
        return Err(ServeError::NotLoopback(address));
    }
    let _lock = lock(place)?;
    progress::mark_interrupted(app).await.map_err(database)?;
    let keeping = tokio::spawn(keep(Arc::clone(app)));
    // Nagle's delay would hold back every small frame; a socket that cannot be set so still works.
    let listener = listener.tap_io(|stream| {
        let _ = stream.set_nodelay(true);
    });
    let signalled = Arc::clone(app);
    let signal = async move {
        closing.cancelled().await;
        signalled.closing.cancel();
    };
    told();
    let serving = axum::serve(listener, http::router(Arc::clone(app))).with_graceful_shutdown(signal);
    let ended = finish(app, async move { serving.await }).await;
    app.closing.cancel();
    // The housekeeping ends with `closing`; it cannot fail.
    let _ = keeping.await;
    progress::mark_interrupted(app).await.map_err(database)?;
    Ok(ended?)
}

/// Waits for the server to be told to end; then for executions, calls and sockets, each within its time.
async fn finish(app: &Core, serving: impl Future<Output = std::io::Result<()>>) -> std::io::Result<()> {
    tokio::pin!(serving);
    let ended = tokio::select! {
        ended = &mut serving => Some(ended),
        () = app.closing.cancelled() => None,
    };
    app.runs.close();
    app.sockets.close();
    let grace = Duration::from_secs(app.config.grace_s);
    let runs = async {
        if timeout(grace, app.runs.wait()).await.is_err() {
            app.cut_off.cancel();
            app.runs.wait().await;
        }
    };
    // A peer that does not listen any more must not keep the gateway from ending.
    let calls = async {
        match ended {
            Some(ended) => ended,
            None => timeout(grace + GOODBYE, serving).await.unwrap_or(Ok(())),
        }
    };
    let sockets = timeout(GOODBYE, app.sockets.wait());
    tokio::join!(runs, calls, sockets).1
}

/// What has to be done from time to time while the gateway serves.
async fn keep(app: App) {
    tokio::join!(expire::keep_sweeping(&app), keep_looking_at_rights(&app));
}

async fn keep_looking_at_rights(app: &Core) {
    loop {
        tokio::select! {
            () = app.closing.cancelled() => return,
            () = tokio::time::sleep(RIGHTS_LOOK) => {}
        }
        let version = match app.db.read.acquire().await {
            Ok(mut conn) => meta::counter(&mut conn, RIGHTS).await,
            Err(error) => Err(error),
        };
        match version {
            Ok(version) => app.hub.rights_changed(u64::try_from(version).unwrap_or(0)),
            Err(error) => tracing::error!(%error, "changes of rights could not be looked for"),
        }
    }
}

/// One serving process per database: two would both run what was approved. The kernel frees the lock with its process.
fn lock(place: &Place) -> Result<Option<File>, ServeError> {
    let Place::File(path) = place else { return Ok(None) };
    let mut name = path.clone().into_os_string();
    name.push(".lock");
    let path = std::path::PathBuf::from(name);
    let file = File::options().create(true).append(true).open(&path)?;
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(std::fs::TryLockError::WouldBlock) => Err(ServeError::AlreadyServed(path)),
        Err(std::fs::TryLockError::Error(error)) => Err(ServeError::Io(error)),
    }
}

fn database(error: sqlx::Error) -> ServeError {
    ServeError::Database(error.to_string())
}
