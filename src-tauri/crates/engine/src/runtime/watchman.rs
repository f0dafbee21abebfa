//! Watches over the files while the engine runs: has a damaged one mended, finds out when a full disk has room again,
//! sees whether another program wrote into the decisions, and says all of it in banners.

use super::{Mail, Ports};
use crate::banner::{self, Banner};
use crate::state::Purpose;
use std::sync::Arc;
use std::time::Duration;
use store::{File, Scope, StoreError};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

/// Between two looks while all is well.
const CALM: Duration = Duration::from_secs(10);
/// Between two looks while something is wrong that may mend itself.
const URGENT: Duration = Duration::from_secs(2);
/// Incidents that are looked at for banners.
const NEWEST: u32 = 20;

/// Runs until cancelled. A console that only reads ends soon and leaves the thorough checks to one that stays.
pub(crate) fn watch(ports: Ports, mail: mpsc::Sender<Mail>, purpose: Purpose, cancel: CancellationToken) {
    tokio::spawn(async move {
        let started = ports.clock.now();
        let mut condition = ports.store.condition();
        if ports.store.read_only().is_none() && purpose == Purpose::Act {
            let checked = ports.store.reader().check_cache().await;
            told(ports.store.noted(File::Cache, checked), "the cache could not be checked");
            examine(&ports).await;
        }
        let mut shown: Option<Vec<Banner>> = None;
        loop {
            let now = condition.borrow_and_update().clone();
            if ports.store.read_only().is_none() {
                look(&ports, &mail, &now).await;
            }
            let incidents = ports.store.reader().incidents(NEWEST).await.unwrap_or_default();
            let now = condition.borrow_and_update().clone();
            let banners =
                banner::banners(ports.store.read_only(), &now, &incidents, started, ports.clock.now());
            if shown.as_ref() != Some(&banners) {
                shown = Some(banners.clone());
                if mail.send(Mail::Banners(banners)).await.is_err() {
                    return;
                }
            }
            let urgent = now.full_since.is_some() || now.damaged.is_some();
            tokio::select! {
                () = cancel.cancelled() => return,
                changed = condition.changed() => if changed.is_err() { return },
                () = tokio::time::sleep(if urgent { URGENT } else { CALM }) => {}
            }
        }
    });
}

async fn look(ports: &Ports, mail: &mpsc::Sender<Mail>, now: &store::Condition) {
    if let Some(file) = now.damaged {
        let mended = ports.store.mend().await;
        let done = mended.is_ok();
        told(mended.map(|_| ()), "a damaged file could not be mended; it is tried again");
        if done && file == File::Cache {
            // What was open is read anew: the cache knows nothing any more.
            let _ = mail.send(Mail::Doubt).await;
        }
    }
    if now.full_since.is_some() {
        let store = Arc::clone(&ports.store);
        let _ = tokio::task::spawn_blocking(move || store.find_room()).await;
    }
    match ports.store.foreign_write().await {
        Ok(true) => {
            tracing::warn!("another program wrote to decisions.db");
            examine(ports).await;
        }
        Ok(false) => {}
        Err(error) => {
            told(ports.store.noted(File::Decisions, Err(error)), "decisions.db could not be looked at")
        }
    }
}

/// Does everything in `decisions.db` fit its receipts, and do those hold?
async fn examine(ports: &Ports) {
    let attested = ports.store.attest(Scope::All).await.map(|_| ());
    told(
        ports.store.noted(File::Decisions, attested),
        "the decisions could not be compared with their receipts",
    );
    let checked = ports.store.check_receipts().await.map(|_| ());
    told(ports.store.noted(File::Decisions, checked), "the receipts could not be checked");
}

fn told(done: Result<(), StoreError>, what: &str) {
    if let Err(error) = done {
        tracing::warn!(%error, "{what}");
    }
}
