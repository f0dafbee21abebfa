//! The way into a running engine: commands, queries and views. Cheap to clone; the engine ends when it is told to, not
//! when handles go.

use crate::command::{Answer, Code, Command, Query, Refused};
use crate::effect::SurfaceId;
use crate::runtime::Mail;
use crate::view::AppView;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::sync::{mpsc, oneshot, watch};

/// The surface that is the owning process itself.
pub const SELF: SurfaceId = SurfaceId(0);

/// See the module.
#[derive(Clone)]
pub struct Handle {
    pub(crate) mail: mpsc::Sender<Mail>,
    pub(crate) view: watch::Receiver<Arc<AppView>>,
    pub(crate) surfaces: Arc<AtomicU64>,
}

impl Handle {
    /// Carries out a command for a surface.
    ///
    /// # Errors
    /// The engine's refusal, or `ended`.
    pub async fn command(&self, surface: SurfaceId, command: Command) -> Result<Answer, Refused> {
        let (reply, answer) = oneshot::channel();
        self.mail.send(Mail::Command { surface, command, reply }).await.map_err(|_| ended())?;
        answer.await.map_err(|_| ended())?
    }

    /// Answers a query.
    ///
    /// # Errors
    /// The gateway's or the store's refusal, or `ended`.
    pub async fn query(&self, query: Query) -> Result<Answer, Refused> {
        let (reply, answer) = oneshot::channel();
        self.mail.send(Mail::Query { query, reply }).await.map_err(|_| ended())?;
        answer.await.map_err(|_| ended())?
    }

    /// The view, as it changes: at most ten times a second.
    pub fn view(&self) -> watch::Receiver<Arc<AppView>> {
        self.view.clone()
    }

    /// The machine woke up, or the network changed: every stream is looked at now, and tried again if it waits.
    pub async fn woke(&self) {
        // An engine that has ended has nothing to look at.
        let _ = self.mail.send(Mail::Woke).await;
    }

    /// A surface that nobody had before: one window, one connection.
    pub(crate) fn new_surface(&self) -> SurfaceId {
        SurfaceId(self.surfaces.fetch_add(1, Ordering::Relaxed))
    }

    pub(crate) async fn surface_gone(&self, surface: SurfaceId) {
        let _ = self.mail.send(Mail::SurfaceGone(surface)).await;
    }
}

fn ended() -> Refused {
    Refused::new(Code::Ended, "The engine has ended; start it again.")
}
