//! How the files are at the moment, for whoever watches over the store: is the disk full, was a file found damaged.

use crate::place::{CACHE, DECISIONS};
use crate::{Store, StoreError, check};
use chrono::{DateTime, Utc};
use tokio::sync::watch;

/// One of the two files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum File {
    /// `decisions.db`.
    Decisions,
    /// `cache.db`.
    Cache,
}

impl File {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            File::Decisions => DECISIONS,
            File::Cache => CACHE,
        }
    }
}

/// See the module.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Condition {
    /// A write found the disk full then, and there was no room since.
    pub full_since: Option<DateTime<Utc>>,
    /// SQLite met a page that it could not read; [`Store::mend`] is due.
    pub damaged: Option<File>,
    /// Grows with each incident that is written down.
    pub incidents: u64,
}

impl Store {
    /// The condition as it changes.
    pub fn condition(&self) -> watch::Receiver<Condition> {
        self.condition.subscribe()
    }

    /// Takes note of what an error says about a file; gives the result back as it is.
    pub fn noted<T>(&self, file: File, result: Result<T, StoreError>) -> Result<T, StoreError> {
        match &result {
            Err(StoreError::DiskFull(_)) => self.note_full(),
            Err(StoreError::Corrupt(_)) => self.change(|condition| condition.damaged = Some(file)),
            _ => {}
        }
        result
    }

    /// A read met a damaged page: which file is it?
    pub async fn suspect(&self, error: &StoreError) {
        if !matches!(error, StoreError::Corrupt(_)) || self.read_only().is_some() {
            return;
        }
        let decisions = check::anew(&self.dir.join(DECISIONS)).await;
        let rows = self.reader().decisions(u32::MAX).await;
        let file = match (decisions, rows) {
            (Err(_), _) | (_, Err(StoreError::Corrupt(_))) => File::Decisions,
            _ => File::Cache,
        };
        self.change(|condition| condition.damaged = Some(file));
    }

    /// Is there room again? Proved by taking the ballast on anew, or by a file of the same size.
    pub fn find_room(&self) -> bool {
        let room = self.ballast.renew();
        if room {
            self.change(|condition| condition.full_since = None);
        }
        room
    }

    pub(crate) fn note_full(&self) {
        let now = self.clock.now();
        self.change(|condition| condition.full_since = condition.full_since.or(Some(now)));
    }

    pub(crate) fn change(&self, change: impl FnOnce(&mut Condition)) {
        self.condition.send_if_modified(|condition| {
            let before = condition.clone();
            change(condition);
            *condition != before
        });
    }
}
