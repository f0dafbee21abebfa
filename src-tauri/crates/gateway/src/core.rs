//! What every part of a running gateway shares. Owns no behaviour beyond beginning a write.

use crate::config::Config;
use crate::db::meta::Identity;
use crate::db::write::Write;
use crate::db::{Db, Result};
use crate::executor::vault::Vault;
use crate::http::limits::RateLimit;
use crate::stream::hub::Hub;
use std::sync::Arc;
use tokio::sync::{Notify, Semaphore};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// Shared by all requests, sockets and runs.
pub(crate) type App = Arc<Core>;

/// See the module.
pub(crate) struct Core {
    pub(crate) config: Config,
    pub(crate) db: Db,
    pub(crate) identity: Identity,
    pub(crate) hub: Arc<Hub>,
    /// Values of secrets; memory only.
    pub(crate) vault: Vault,
    /// Sends effects and fetches documents: no redirects, no proxy, no metadata addresses.
    pub(crate) outward: reqwest::Client,
    pub(crate) limit: RateLimit,
    /// Password checks at the same time: each takes 19 MiB and a core.
    pub(crate) password_checks: Semaphore,
    /// Executions under way.
    pub(crate) runs: TaskTracker,
    /// Sockets under way.
    pub(crate) sockets: TaskTracker,
    /// Woken whenever a run comes to rest.
    pub(crate) rested: Notify,
    /// Set when runs have had their time at shutdown: they leave off at once.
    pub(crate) cut_off: CancellationToken,
    /// Set when the gateway is ending: nothing new is started.
    pub(crate) closing: CancellationToken,
    /// An earlier expiry than the one waited for may have come up.
    pub(crate) expiry_moved: Notify,
}

impl Core {
    /// Begins a write; see [`Write`].
    pub(crate) async fn write(&self) -> Result<Write> {
        Write::begin(&self.db, &self.hub, self.config.clock.as_ref(), &self.config.entropy).await
    }
}
