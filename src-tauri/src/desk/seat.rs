//! One console with what the window and the notices need of it.

use super::Time;
use engine::command::{Answer, Command, Query};
use engine::notices::{Front, Notice, Told};
use engine::{AppView, Console, Surface};
use std::fs::File;
use std::future::pending;
use std::path::Path;
use std::sync::Arc;
use tokio::sync::watch;

/// See the module.
pub(crate) struct Seat {
    /// What was told about its requests.
    pub(crate) told: Told,
    console: Console,
    surface: Arc<Surface>,
    view: watch::Receiver<Arc<AppView>>,
    clock: Time,
}

impl Seat {
    pub(crate) fn new(console: Console, clock: Time) -> Self {
        let (surface, view) = (Arc::new(console.surface()), console.view());
        Self { told: Told::default(), console, surface, view, clock }
    }

    /// The window's way in.
    pub(crate) fn surface(&self) -> Arc<Surface> {
        Arc::clone(&self.surface)
    }

    /// For a new page; what the one before prepared is void.
    pub(crate) fn new_surface(&mut self) {
        let old = std::mem::replace(&mut self.surface, Arc::new(self.console.surface()));
        tauri::async_runtime::spawn(async move { old.leave().await });
    }

    /// The view right now.
    pub(crate) fn view(&self) -> Arc<AppView> {
        self.view.borrow().clone()
    }

    /// What deserves a notification now.
    pub(crate) fn notices(&mut self, front: Front) -> Vec<Notice> {
        let view = self.view();
        self.told.step(&view, front, self.clock.boot_ms())
    }

    /// Opens the stream of each gateway that somebody is signed in to.
    pub(crate) fn connect_known(&self) {
        let surface = self.surface();
        tauri::async_runtime::spawn(async move {
            let Ok(Answer::View(view)) = surface.query(Query::View).await else { return };
            for gateway in view.gateways.iter().filter(|gateway| gateway.account.is_some()) {
                if let Err(refused) = surface.command(Command::Connect { gateway: gateway.id }).await {
                    tracing::warn!("{}: {}", gateway.origin, refused.message);
                }
            }
        });
    }

    /// Ends the engine, if it runs in this process.
    pub(crate) async fn close(self) {
        self.console.close().await;
    }
}

/// Waits for the next view; forever where there is no console.
pub(crate) async fn changed(seat: Option<&mut Seat>) -> Result<(), watch::error::RecvError> {
    match seat {
        Some(seat) => seat.view.changed().await,
        None => pending().await,
    }
}

/// Whether this happens for the first time in this data directory; remembered by an empty file.
pub(crate) fn first_time(data_dir: &Path, what: &str) -> bool {
    File::create_new(data_dir.join(format!(".{what}"))).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_time_is_the_first_time_only() {
        let dir = tempfile::tempdir().expect("a directory");
        assert!(first_time(dir.path(), "closed"));
        assert!(!first_time(dir.path(), "closed"));
        assert!(first_time(dir.path(), "other"));
    }
}
